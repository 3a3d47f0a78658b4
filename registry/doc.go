// Package registry asks image registries what they hold. Whom it may ask is decided where a connection is made, from the address that is
// dialled: a caller names the host, and a registry names realms and redirects, so none of these names is worth anything by itself. It
// imports common only.
package registry
