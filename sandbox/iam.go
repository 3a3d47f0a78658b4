package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/iam"
)

// iamState holds the account's roles by name. Customer managed policies and instance profiles do not exist here.
type iamState struct {
	roles map[string]*iamRole
}

type iamRole struct {
	name, path, id, arn string
	description         string
	boundary            string
	trust               string
	session             int64
	created             time.Time
	tags                map[string]string
	inline              map[string]string // policy name → document
	attached            map[string]string // policy ARN → policy name
}

var (
	iamName = regexp.MustCompile(`^[\w+=,.@-]+$`)
	iamPath = regexp.MustCompile(`^(/|/[\x21-\x7e]+/)$`)
)

func (s *Sandbox) registerIAM() {
	s.iam.roles = map[string]*iamRole{}
	register(s, "iam", "CreateRole", true, s.iamCreateRole)
	register(s, "iam", "GetRole", false, s.iamGetRole)
	register(s, "iam", "ListRoles", false, s.iamListRoles)
	register(s, "iam", "DeleteRole", true, s.iamDeleteRole)
	register(s, "iam", "UpdateAssumeRolePolicy", true, s.iamUpdateAssumeRolePolicy)
	register(s, "iam", "TagRole", true, s.iamTagRole)
	register(s, "iam", "UntagRole", true, s.iamUntagRole)
	register(s, "iam", "ListRoleTags", false, s.iamListRoleTags)
	register(s, "iam", "ListInstanceProfilesForRole", false, s.iamListInstanceProfilesForRole)
	s.registerIAMPolicies()
}

// role answers when a role was made, by name or ARN: ECS cannot assume a role that is missing, or too new to have spread.
func (st *iamState) role(arnOrName string) (created time.Time, ok bool) {
	if r := st.find(arnOrName); r != nil {
		return r.created, true
	}
	return time.Time{}, false
}

func (st *iamState) find(arnOrName string) *iamRole {
	name := arnOrName[strings.LastIndex(arnOrName, "/")+1:]
	for _, r := range st.roles {
		if r.arn == arnOrName || (name == arnOrName && strings.EqualFold(r.name, name)) {
			return r
		}
	}
	return nil
}

func (st *iamState) named(name *string) (*iamRole, error) {
	if r := st.find(aws.StringValue(name)); r != nil && r.arn != aws.StringValue(name) {
		return r, nil
	}
	return nil, refuseStatus(http.StatusNotFound, iam.ErrCodeNoSuchEntityException, "The role with name %s cannot be found.", aws.StringValue(name))
}

func (s *Sandbox) iamCreateRole(r *request, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	role := &iamRole{
		name: *in.RoleName, path: "/", description: aws.StringValue(in.Description), boundary: aws.StringValue(in.PermissionsBoundary),
		trust: *in.AssumeRolePolicyDocument, session: 3600, created: r.now,
		tags: tagMap(nil, in.Tags, iamTag), inline: map[string]string{}, attached: map[string]string{},
	}
	if in.Path != nil {
		role.path = *in.Path
	}
	if in.MaxSessionDuration != nil {
		role.session = *in.MaxSessionDuration
	}
	if err := role.valid(); err != nil {
		return nil, err
	}
	// Role names are unique regardless of case.
	if s.iam.find(role.name) != nil {
		return nil, refuseStatus(http.StatusConflict, iam.ErrCodeEntityAlreadyExistsException, "Role with name %s already exists.", role.name)
	}
	role.id = "AROA" + s.newName(17, upperAlphanumeric)
	role.arn = s.globalARN("iam", "role"+role.path+role.name)
	s.iam.roles[role.name] = role
	return &iam.CreateRoleOutput{Role: role.describe(true)}, nil
}

func (r *iamRole) valid() error {
	switch {
	case !iamName.MatchString(r.name):
		return iamInvalid(r.name, "roleName", `Member must satisfy regular expression pattern: [\w+=,.@-]+`)
	case len(r.name) > 64:
		return iamInvalid(r.name, "roleName", "Member must have length less than or equal to 64")
	case len(r.path) > 512 || !iamPath.MatchString(r.path):
		return refuse(
			"ValidationError",
			"The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
		)
	case r.session < 3600 || r.session > 43200:
		return iamInvalid(strconv.FormatInt(r.session, 10), "maxSessionDuration", "Member must have value between 3600 and 43200")
	case len(r.tags) > 50:
		return iamTooManyTags()
	}
	return policyDocument(r.trust, "Principal")
}

func iamInvalid(value, member, rule string) error {
	return refuse("ValidationError", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

func iamTooManyTags() error {
	return refuseStatus(http.StatusConflict, iam.ErrCodeLimitExceededException, "The number of tags has reached the maximum limit.")
}

// policyDocument refuses what is not a policy at all. What a policy means is not looked at: nothing here is ever denied by one.
func policyDocument(document string, required ...string) error {
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return refuse(iam.ErrCodeMalformedPolicyDocumentException, "This policy contains invalid Json")
	}
	if len(policy.Statement) == 0 {
		return refuse(iam.ErrCodeMalformedPolicyDocumentException, "Syntax errors in policy.")
	}
	statements := []map[string]json.RawMessage{{}}
	if json.Unmarshal(policy.Statement, &statements[0]) != nil && json.Unmarshal(policy.Statement, &statements) != nil {
		return refuse(iam.ErrCodeMalformedPolicyDocumentException, "Syntax errors in policy.")
	}
	for _, statement := range statements {
		for _, field := range append([]string{"Effect"}, required...) {
			if _, ok := statement[field]; !ok {
				return refuse(iam.ErrCodeMalformedPolicyDocumentException, "Missing required field %s", field)
			}
		}
	}
	return nil
}

// describe shows a role as the API does. ListRoles leaves out tags and the boundary.
func (r *iamRole) describe(whole bool) *iam.Role {
	role := &iam.Role{
		Arn: &r.arn, RoleId: &r.id, RoleName: &r.name, Path: &r.path, CreateDate: aws.Time(r.created),
		AssumeRolePolicyDocument: aws.String(escapeDocument(r.trust)), MaxSessionDuration: aws.Int64(r.session),
	}
	if r.description != "" {
		role.Description = &r.description
	}
	if !whole {
		return role
	}
	role.Tags = sdkTags[iam.Tag](r.tags)
	if r.boundary != "" {
		role.PermissionsBoundary = &iam.AttachedPermissionsBoundary{
			PermissionsBoundaryArn: &r.boundary, PermissionsBoundaryType: aws.String("Policy"),
		}
	}
	return role
}

// escapeDocument encodes a document the way IAM answers it: RFC 3986, so that a space is %20 and never a plus.
func escapeDocument(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

func (s *Sandbox) iamGetRole(_ *request, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRoleOutput{Role: role.describe(true)}, nil
}

func (s *Sandbox) iamListRoles(_ *request, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	out := &iam.ListRolesOutput{Roles: []*iam.Role{}}
	for _, role := range s.iam.roles {
		if strings.HasPrefix(role.path, aws.StringValue(in.PathPrefix)) {
			out.Roles = append(out.Roles, role.describe(false))
		}
	}
	var err error
	out.Roles, out.Marker, out.IsTruncated, err = iamPage(
		"ListRoles "+aws.StringValue(in.PathPrefix),
		in.Marker,
		in.MaxItems,
		out.Roles,
		func(r *iam.Role) string { return *r.RoleName },
	)
	return out, err
}

func (s *Sandbox) iamDeleteRole(_ *request, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	role, err := s.iam.named(in.RoleName)
	switch {
	case err != nil:
		return nil, err
	case len(role.attached) > 0:
		return nil, refuseStatus(http.StatusConflict, iam.ErrCodeDeleteConflictException, "Cannot delete entity, must detach all policies first.")
	case len(role.inline) > 0:
		return nil, refuseStatus(http.StatusConflict, iam.ErrCodeDeleteConflictException, "Cannot delete entity, must delete policies first.")
	}
	delete(s.iam.roles, role.name)
	return &iam.DeleteRoleOutput{}, nil
}

func (s *Sandbox) iamUpdateAssumeRolePolicy(_ *request, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if err := policyDocument(*in.PolicyDocument, "Principal"); err != nil {
		return nil, err
	}
	role.trust = *in.PolicyDocument
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

// iamListInstanceProfilesForRole answers none: a container's role is in no instance profile, but whoever removes a role has to ask.
func (s *Sandbox) iamListInstanceProfilesForRole(_ *request, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	if _, err := s.iam.named(in.RoleName); err != nil {
		return nil, err
	}
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []*iam.InstanceProfile{}, IsTruncated: aws.Bool(false)}, nil
}

// iamPage is page in IAM's words: a Marker, and a flag that says whether it is worth following.
func iamPage[T any](scope string, marker *string, most *int64, items []T, key func(T) string) ([]T, *string, *bool, error) {
	items, next, err := page(paging{scope: "iam " + scope, token: marker, max: most, size: 100, most: 1000, code: "ValidationError"}, items, key)
	return items, next, aws.Bool(next != nil), err
}
