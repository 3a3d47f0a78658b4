package sandbox

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/iam"
)

func (s *Sandbox) registerIAMPolicies() {
	register(s, "iam", "PutRolePolicy", true, s.iamPutRolePolicy)
	register(s, "iam", "GetRolePolicy", false, s.iamGetRolePolicy)
	register(s, "iam", "DeleteRolePolicy", true, s.iamDeleteRolePolicy)
	register(s, "iam", "ListRolePolicies", false, s.iamListRolePolicies)
	register(s, "iam", "AttachRolePolicy", true, s.iamAttachRolePolicy)
	register(s, "iam", "DetachRolePolicy", true, s.iamDetachRolePolicy)
	register(s, "iam", "ListAttachedRolePolicies", false, s.iamListAttachedRolePolicies)
}

func (s *Sandbox) iamPutRolePolicy(_ *request, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if !iamName.MatchString(*in.PolicyName) || len(*in.PolicyName) > 128 {
		return nil, iamInvalid(*in.PolicyName, "policyName", `Member must satisfy regular expression pattern: [\w+=,.@-]{1,128}`)
	}
	if err := policyDocument(*in.PolicyDocument); err != nil {
		return nil, err
	}
	// The limit is on all inline policies of a role together, white space not counted.
	size := policySize(*in.PolicyDocument)
	for name, document := range role.inline {
		if name != *in.PolicyName {
			size += policySize(document)
		}
	}
	if size > 10240 {
		return nil, refuseStatus(
			http.StatusConflict,
			iam.ErrCodeLimitExceededException,
			"Maximum policy size of 10240 bytes exceeded for role %s",
			role.name,
		)
	}
	role.inline[*in.PolicyName] = *in.PolicyDocument
	return &iam.PutRolePolicyOutput{}, nil
}

func policySize(document string) int { return len(strings.Join(strings.Fields(document), "")) }

// inlinePolicy gives the role and one of its inline policies' names, or NoSuchEntity for either.
func (st *iamState) inlinePolicy(roleName, policyName *string) (*iamRole, string, error) {
	role, err := st.named(roleName)
	if err != nil {
		return nil, "", err
	}
	if _, ok := role.inline[*policyName]; !ok {
		return nil, "", refuseStatus(http.StatusNotFound, iam.ErrCodeNoSuchEntityException, "The role policy with name %s cannot be found.", *policyName)
	}
	return role, *policyName, nil
}

func (s *Sandbox) iamGetRolePolicy(_ *request, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	role, policy, err := s.iam.inlinePolicy(in.RoleName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRolePolicyOutput{RoleName: &role.name, PolicyName: &policy, PolicyDocument: aws.String(escapeDocument(role.inline[policy]))}, nil
}

func (s *Sandbox) iamDeleteRolePolicy(_ *request, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	role, policy, err := s.iam.inlinePolicy(in.RoleName, in.PolicyName)
	if err != nil {
		return nil, err
	}
	delete(role.inline, policy)
	return &iam.DeleteRolePolicyOutput{}, nil
}

func (s *Sandbox) iamListRolePolicies(_ *request, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	out := &iam.ListRolePoliciesOutput{}
	names := aws.StringSlice(slices.Collect(maps.Keys(role.inline)))
	out.PolicyNames, out.Marker, out.IsTruncated, err = iamPage("ListRolePolicies "+role.name, in.Marker, in.MaxItems, names, aws.StringValue)
	return out, err
}

// iamAttachRolePolicy takes every policy that AWS itself manages; the account has none of its own.
func (s *Sandbox) iamAttachRolePolicy(_ *request, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	arn := *in.PolicyArn
	if !strings.HasPrefix(arn, "arn:aws:iam::aws:policy/") {
		return nil, refuseStatus(http.StatusNotFound, iam.ErrCodeNoSuchEntityException, "Policy %s does not exist or is not attachable.", arn)
	}
	if _, again := role.attached[arn]; !again && len(role.attached) >= 10 {
		return nil, refuseStatus(http.StatusConflict, iam.ErrCodeLimitExceededException, "Cannot exceed quota for PoliciesPerRole: 10")
	}
	role.attached[arn] = arn[strings.LastIndex(arn, "/")+1:]
	return &iam.AttachRolePolicyOutput{}, nil
}

func (s *Sandbox) iamDetachRolePolicy(_ *request, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, ok := role.attached[*in.PolicyArn]; !ok {
		return nil, refuseStatus(http.StatusNotFound, iam.ErrCodeNoSuchEntityException, "Policy %s was not found.", *in.PolicyArn)
	}
	delete(role.attached, *in.PolicyArn)
	return &iam.DetachRolePolicyOutput{}, nil
}

func (s *Sandbox) iamListAttachedRolePolicies(_ *request, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	role, err := s.iam.named(in.RoleName)
	if err != nil {
		return nil, err
	}
	var policies []*iam.AttachedPolicy
	for arn, name := range role.attached {
		policies = append(policies, &iam.AttachedPolicy{PolicyArn: &arn, PolicyName: &name})
	}
	out := &iam.ListAttachedRolePoliciesOutput{}
	out.AttachedPolicies, out.Marker, out.IsTruncated, err = iamPage("ListAttachedRolePolicies "+role.name, in.Marker, in.MaxItems, policies,
		func(p *iam.AttachedPolicy) string { return *p.PolicyArn })
	return out, err
}
