// Package awsclient makes the session of one AWS account, from which every wrapper makes its client: credentials, transport,
// retries, the limiter, and the note of answers that were never heard. It is the only place where AWS's errors become common.Error and
// where their codes and texts are looked at. It imports the SDK and common, no other room.
package awsclient
