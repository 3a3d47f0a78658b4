package api

// Account is what the actions of the table are methods of.
type Account = *struct{}

// table is every route there is.
func table(o Options) []Route[Account] {
	return publicRoutes[Account](o)
}
