package sandbox

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/secretsmanager"
)

func secretTag(t *secretsmanager.Tag) (key, value *string) { return t.Key, t.Value }

func secretTooManyTags() *apiError {
	return refuse(secretsmanager.ErrCodeInvalidParameterException, "The maximum number of tags is 50.")
}

func (s *Sandbox) tagSecret(_ *request, in *secretsmanager.TagResourceInput) (*secretsmanager.TagResourceOutput, error) {
	found, err := s.secrets.alive(in.SecretId)
	if err != nil {
		return nil, err
	}
	tags := tagMap(found.tags, in.Tags, secretTag)
	if len(tags) > 50 {
		return nil, secretTooManyTags()
	}
	found.tags = tags
	return &secretsmanager.TagResourceOutput{}, nil
}

func (s *Sandbox) untagSecret(_ *request, in *secretsmanager.UntagResourceInput) (*secretsmanager.UntagResourceOutput, error) {
	found, err := s.secrets.alive(in.SecretId)
	if err != nil {
		return nil, err
	}
	untag(found.tags, in.TagKeys)
	return &secretsmanager.UntagResourceOutput{}, nil
}

func (s *Sandbox) listSecrets(_ *request, in *secretsmanager.ListSecretsInput) (*secretsmanager.ListSecretsOutput, error) {
	var found []*secret
	for _, x := range s.secrets.secrets {
		if (x.scheduled.IsZero() || aws.BoolValue(in.IncludePlannedDeletion)) && x.matchesAll(in.Filters) {
			found = append(found, x)
		}
	}
	p := paging{
		scope: fmt.Sprint("ListSecrets ", in.Filters, in.SortOrder), token: in.NextToken, max: in.MaxResults, size: 100, most: 100,
		descending: aws.StringValue(in.SortOrder) == secretsmanager.SortOrderTypeDesc, code: secretsmanager.ErrCodeInvalidParameterException,
	}
	if _, _, err := p.lastKey(); err != nil {
		return nil, refuse(secretsmanager.ErrCodeInvalidNextTokenException, "The NextToken value is invalid.")
	}
	found, next, err := page(p, found, (*secret).age)
	out := &secretsmanager.ListSecretsOutput{NextToken: next}
	for _, x := range found {
		out.SecretList = append(out.SecretList, x.entry())
	}
	return out, err
}

// age sorts secrets by their date of creation, as the API lists them.
func (x *secret) age() string { return fmt.Sprintf("%020d %s", x.created.UnixNano(), x.name) }

func (x *secret) entry() *secretsmanager.SecretListEntry {
	return &secretsmanager.SecretListEntry{
		ARN: &x.arn, Name: &x.name, Description: unlessEmpty(x.description), KmsKeyId: unlessEmpty(x.kmsKey),
		CreatedDate: aws.Time(x.created), LastChangedDate: aws.Time(x.changed), DeletedDate: x.deletionDate(),
		Tags: sdkTags[secretsmanager.Tag](x.tags), SecretVersionsToStages: x.stages(),
	}
}

// matchesAll: filters are joined by and. Beware that tag-key and tag-value are filters of their own: together they also match a secret that
// has the key on one tag and the value on another.
func (x *secret) matchesAll(filters []*secretsmanager.Filter) bool {
	return !slices.ContainsFunc(filters, func(f *secretsmanager.Filter) bool { return !x.matches(aws.StringValue(f.Key), f.Values) })
}

// matches: the values of a filter are joined by or, and negated by a leading "!".
func (x *secret) matches(key string, values []*string) bool {
	return slices.ContainsFunc(values, func(v *string) bool {
		wanted, negated := strings.CutPrefix(aws.StringValue(v), "!")
		return x.has(key, wanted) != negated
	})
}

// has compares by prefix: with regard to case, except for descriptions and in the search over everything.
func (x *secret) has(key, wanted string) bool {
	begins := func(text string) bool { return strings.HasPrefix(text, wanted) }
	switch key {
	case secretsmanager.FilterNameStringTypeName:
		return begins(x.name)
	case secretsmanager.FilterNameStringTypeDescription:
		return strings.HasPrefix(strings.ToLower(x.description), strings.ToLower(wanted))
	case secretsmanager.FilterNameStringTypeTagKey:
		return slices.ContainsFunc(slices.Collect(maps.Keys(x.tags)), begins)
	case secretsmanager.FilterNameStringTypeTagValue:
		return slices.ContainsFunc(slices.Collect(maps.Values(x.tags)), begins)
	case secretsmanager.FilterNameStringTypeAll:
		return x.mentions(wanted)
	}
	return false
}

// mentions breaks the text into words and looks for each in every attribute.
func (x *secret) mentions(text string) bool {
	everything := []string{x.name, x.description}
	for key, value := range x.tags {
		everything = append(everything, key, value)
	}
	haystack := strings.ToLower(strings.Join(everything, "\n"))
	return !slices.ContainsFunc(strings.Fields(strings.ToLower(text)), func(word string) bool { return !strings.Contains(haystack, word) })
}
