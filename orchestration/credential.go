package orchestration

// credentialUse is what becomes of a container's repository credentials in an update.
type credentialUse int

const (
	useNone      credentialUse = iota // a public image
	useGiven                          // the secret that is named is used as it is
	useOverwrite                      // the secret that is named gets the new value
	useNew                            // a new secret is made
)

// credentialChange is the outcome for one container: how it gets its credentials, from which secret, and which one goes.
type credentialChange struct {
	use    credentialUse
	secret string // with useGiven and useOverwrite
	retire string // the old secret, once nothing uses it any more; "" for none
}

// changeCredential decides by the table of the contract: old are the credentials of the active definition, named those in the request, and
// given says whether it has a new value.
func changeCredential(old, named string, given bool) credentialChange {
	retired := credentialChange{retire: old}
	switch {
	case named != "" && named != old && given:
		retired.use, retired.secret = useOverwrite, named
		return retired
	case named != "" && named != old:
		retired.use, retired.secret = useGiven, named
		return retired
	case old != "" && given:
		return credentialChange{use: useOverwrite, secret: old}
	case old != "" && named == old:
		return credentialChange{use: useGiven, secret: old}
	case given:
		return credentialChange{use: useNew}
	}
	return retired
}
