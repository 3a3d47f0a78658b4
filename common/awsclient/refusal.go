package awsclient

import "strings"

// The refusals that a caller waits out, or takes for success, are told by code and words, here and nowhere else. Each function takes an
// error as AWS gave it or as Translate made it; nil is none of them.

// roleWords are what ECS says of a role that IAM has but ECS does not see yet, and of a wrong one: they cannot be told apart, but
// by waiting.
var roleWords = []string{
	"role is not valid",
	"unable to assume the role",
	"unable to assume the configured",
	"service role being passed has the proper permissions",
}

// IsRoleNotVisible says whether ECS does not see a role, as is so for some seconds after its making.
func IsRoleNotVisible(err error) bool {
	words := messageOf(err)
	return containsAny(words, roleWords) || strings.HasPrefix(codeOf(err), "AccessDenied") && strings.Contains(words, "iam:passrole")
}

// IsServiceLinkedRole says whether the account's first use of ECS is still making ECS's service-linked role, which takes minutes at most.
func IsServiceLinkedRole(err error) bool {
	return strings.Contains(messageOf(err), "service linked role") || strings.Contains(messageOf(err), "service-linked role")
}

// IsDraining says whether a service cannot be made because the last of its name still drains.
func IsDraining(err error) bool { return strings.Contains(messageOf(err), "still draining") }

// IsNameHeld says whether a secret's name is held by a secret that is being deleted: at once, and then for moments, or in a window.
func IsNameHeld(err error) bool {
	return codeOf(err) == "InvalidRequestException" &&
		containsAny(messageOf(err), []string{"scheduled for deletion", "marked for deletion", "marked deleted", "was deleted"})
}

// IsAlreadyExists says whether a create failed because the name is taken, also by the author's own call whose answer was lost.
func IsAlreadyExists(err error) bool {
	code := codeOf(err)
	return strings.Contains(code, "AlreadyExists") || code == "ResourceExistsException" ||
		strings.Contains(messageOf(err), "creation of service was not idempotent")
}
