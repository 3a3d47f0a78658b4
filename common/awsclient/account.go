package awsclient

import (
	"context"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/arn"
	"github.com/aws/aws-sdk-go/aws/session"
	awssts "github.com/aws/aws-sdk-go/service/sts"
)

// Account says where ARNs of an account's resources begin.
type Account struct {
	ID, Partition, Region string
}

// Identity asks STS whose credentials the session has; that needs no permission. Unavailable if AWS cannot be reached or there are no
// credentials, Forbidden if they are not good.
func Identity(ctx context.Context, sess *session.Session) (Account, error) {
	out, err := awssts.New(sess).GetCallerIdentityWithContext(ctx, &awssts.GetCallerIdentityInput{})
	if err != nil {
		return Account{}, Translate(err)
	}
	caller, err := arn.Parse(aws.StringValue(out.Arn))
	if err != nil || out.Account == nil {
		return Account{}, Hollow("GetCallerIdentity")
	}
	return Account{ID: *out.Account, Partition: caller.Partition, Region: aws.StringValue(sess.Config.Region)}, nil
}
