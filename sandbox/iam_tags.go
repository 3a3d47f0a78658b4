package sandbox

import (
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/iam"
)

func iamTag(t *iam.Tag) (key, value *string) { return t.Key, t.Value }

func (s *Sandbox) iamTagRole(_ *request, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	tags := tagMap(role.tags, in.Tags, iamTag)
	if len(tags) > 50 {
		return nil, iamTooManyTags()
	}
	role.tags = tags
	return &iam.TagRoleOutput{}, nil
}

func (s *Sandbox) iamUntagRole(_ *request, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(role.tags, aws.StringValue(key))
	}
	return &iam.UntagRoleOutput{}, nil
}

func (s *Sandbox) iamListRoleTags(_ *request, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListRoleTagsOutput{}
	out.Tags, out.Marker, out.IsTruncated, err = iamPage("ListRoleTags "+role.name, in.Marker, in.MaxItems, sdkTags[iam.Tag](role.tags),
		func(t *iam.Tag) string { return *t.Key })
	return out, err
}

func (st *iamState) inventory(inv Inventory) {
	for name, r := range st.roles {
		inv.add("role", name, map[string]any{
			"arn": r.arn, "description": r.description, "boundary": r.boundary, "session": r.session, "trust": r.trust,
			"tags": shownTags(r.tags), "inline": maps.Clone(r.inline), "attached": slices.Sorted(maps.Keys(r.attached)),
		})
	}
}
