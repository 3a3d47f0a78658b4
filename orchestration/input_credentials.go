package orchestration

import (
	"unicode/utf8"

	"github.com/aws/aws-sdk-go/aws"
	awssecrets "github.com/aws/aws-sdk-go/service/secretsmanager"
)

// credentials checks the secrets to be made for containers: what is asked for, and what is built from it. (API reference of CreateSecret.)
func (v *violations) credentials(pointer string, asked, built map[string]*awssecrets.CreateSecretInput, known containers, kmsKeyID string) {
	names := map[string]bool{}
	for _, container := range sortedKeys(asked) {
		at, secret, name := pointer+"/"+pointerToken(container), asked[container], aws.StringValue(built[container].Name)
		v.check(known[container] != nil, at, "no container has this name")
		v.check(known[container] == nil || known[container].RepositoryCredentials == nil, at, "the container names repository credentials of its own")
		v.secretValue(at, secret)
		v.check(secretPattern.MatchString(name), at+"/Name", "letters, digits and /_+=.@- only, 512 characters with the path")
		v.check(!names[name], at+"/Name", "another container's secret has this name")
		names[name] = true
		v.check(utf8.RuneCountInString(aws.StringValue(secret.Description)) <= 2048, at+"/Description", "at most 2048 characters")
		key := aws.StringValue(secret.KmsKeyId)
		v.check(
			key == "" || key == kmsKeyID,
			at+"/KmsKeyId",
			"credentials are encrypted with the account's default key, the one that the tasks may decrypt with",
		)
		v.check(len(secret.AddReplicaRegions) == 0, at+"/AddReplicaRegions", "credentials are not replicated")
		v.model(at, built[container], "ClientRequestToken")
	}
}

// maxSecret is how many bytes a secret holds.
const maxSecret = 65536

func (v *violations) secretValue(at string, secret *awssecrets.CreateSecretInput) {
	v.check((secret.SecretString == nil) != (secret.SecretBinary == nil), at, "exactly one of SecretString and SecretBinary is required")
	text := len(aws.StringValue(secret.SecretString))
	v.check(secret.SecretString == nil || text > 0 && text <= maxSecret, at+"/SecretString", "1 to %d bytes", maxSecret)
	v.check(
		secret.SecretBinary == nil || len(secret.SecretBinary) > 0 && len(secret.SecretBinary) <= maxSecret,
		at+"/SecretBinary",
		"1 to %d bytes",
		maxSecret,
	)
}
