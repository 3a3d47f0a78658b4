package sandbox

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/service/ecs"
)

// taskFamily holds every revision ever registered, so that a number is never used again.
type taskFamily struct {
	name      string
	revisions []*taskDefinition // revision n at n-1; nil once it is gone
}

type taskDefinition struct {
	doc     *ecs.TaskDefinition
	tags    map[string]string
	deleted time.Time // when its deletion was asked for
}

func (d *taskDefinition) arn() string    { return aws.StringValue(d.doc.TaskDefinitionArn) }
func (d *taskDefinition) status() string { return aws.StringValue(d.doc.Status) }
func (d *taskDefinition) key() string {
	return fmt.Sprintf("%s:%d", aws.StringValue(d.doc.Family), aws.Int64Value(d.doc.Revision))
}
func (d *taskDefinition) container(name string) *ecs.ContainerDefinition {
	for _, c := range d.doc.ContainerDefinitions {
		if aws.StringValue(c.Name) == name {
			return c
		}
	}
	return nil
}

// standing are the revisions that are not on their way out.
func (f *taskFamily) standing() []*taskDefinition {
	var standing []*taskDefinition
	for _, d := range f.revisions {
		if d != nil && d.status() != ecs.TaskDefinitionStatusDeleteInProgress {
			standing = append(standing, d)
		}
	}
	return standing
}

func (f *taskFamily) latestActive() *taskDefinition {
	for _, d := range slices.Backward(f.revisions) {
		if d != nil && d.status() == ecs.TaskDefinitionStatusActive {
			return d
		}
	}
	return nil
}

// definition finds a revision by ARN, family:revision or family (the latest ACTIVE one). Nil when there is none.
func (s *Sandbox) definition(ref string) *taskDefinition {
	name, revision, numbered := strings.Cut(afterSlash(ref), ":")
	family := s.ecs.families[name]
	if family == nil {
		return nil
	}
	if !numbered {
		return family.latestActive()
	}
	n := number(revision)
	if n < 1 || n > len(family.revisions) {
		return nil
	}
	return family.revisions[n-1]
}

// eraseDefinitions forgets the definitions whose deletion was asked for and that no service or task refers to any more.
func (s *Sandbox) eraseDefinitions(now time.Time) {
	var used map[string]bool
	for _, family := range s.ecs.families {
		for i, d := range family.revisions {
			if d == nil || d.deleted.IsZero() || now.Before(d.deleted.Add(s.scaled(timeToErase))) {
				continue
			}
			if used == nil {
				used = s.definitionsInUse()
			}
			if !used[d.arn()] {
				family.revisions[i] = nil
			}
		}
	}
}

func (s *Sandbox) definitionsInUse() map[string]bool {
	used := map[string]bool{}
	for _, c := range s.ecs.clusters {
		for _, svc := range c.services {
			if svc.status() == serviceInactive {
				continue
			}
			for _, dep := range svc.deployments {
				used[dep.definition.arn()] = true
			}
		}
	}
	for _, t := range s.ecs.tasks {
		if t.last() != taskStopped {
			used[t.definition.arn()] = true
		}
	}
	return used
}

// ecsRegisterTaskDefinition makes a new revision on every call: there is no token that would make it idempotent.
func (s *Sandbox) ecsRegisterTaskDefinition(r *request, in *ecs.RegisterTaskDefinitionInput) (*ecs.RegisterTaskDefinitionOutput, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	doc, err := newDefinition(in)
	if err != nil {
		return nil, err
	}
	for _, role := range []**string{&doc.ExecutionRoleArn, &doc.TaskRoleArn} {
		if *role, err = s.passableRole(*role, r.now); err != nil {
			return nil, err
		}
	}
	family := s.ecs.families[*doc.Family]
	if family == nil {
		family = &taskFamily{name: *doc.Family}
		s.ecs.families[family.name] = family
	}
	revision := len(family.revisions) + 1
	doc.Revision = aws.Int64(int64(revision))
	doc.TaskDefinitionArn = aws.String(s.arn("ecs", fmt.Sprintf("task-definition/%s:%d", family.name, revision)))
	doc.RegisteredAt, doc.RegisteredBy = aws.Time(r.now), aws.String(s.user())
	d := &taskDefinition{doc: doc, tags: tags}
	family.revisions = append(family.revisions, d)
	return &ecs.RegisterTaskDefinitionOutput{TaskDefinition: clone(d.doc), Tags: sdkTags[ecs.Tag](d.tags)}, nil
}

// passableRole turns a role's name or ARN into its ARN. A role that is too new is not refused as invalid, but as one that may not be
// passed.
func (s *Sandbox) passableRole(ref *string, now time.Time) (*string, error) {
	if ref == nil {
		return nil, nil
	}
	arn := *ref
	if !strings.HasPrefix(arn, "arn:") {
		arn = s.globalARN("iam", "role/"+arn)
	}
	made, found := s.iam.role(arn)
	if !found {
		return nil, clientError("Role is not valid")
	}
	if now.Sub(made) < s.roleDelay {
		return nil, refuse(
			"AccessDeniedException",
			"User: %s is not authorized to perform: iam:PassRole on resource: %s because no identity-based policy allows the iam:PassRole action",
			s.user(),
			arn,
		)
	}
	return &arn, nil
}

func (s *Sandbox) ecsDescribeTaskDefinition(r *request, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
	s.eraseDefinitions(r.now)
	d := s.definition(aws.StringValue(in.TaskDefinition))
	if d == nil {
		return nil, clientError("Unable to describe task definition.")
	}
	out := &ecs.DescribeTaskDefinitionOutput{TaskDefinition: clone(d.doc), Tags: []*ecs.Tag{}}
	if slices.Contains(aws.StringValueSlice(in.Include), ecs.TaskDefinitionFieldTags) {
		out.Tags = sdkTags[ecs.Tag](d.tags)
	}
	return out, nil
}

// ecsDeregisterTaskDefinition leaves what runs alone. Doing it again answers the same.
func (s *Sandbox) ecsDeregisterTaskDefinition(r *request, in *ecs.DeregisterTaskDefinitionInput) (*ecs.DeregisterTaskDefinitionOutput, error) {
	s.eraseDefinitions(r.now)
	ref := aws.StringValue(in.TaskDefinition)
	if !strings.Contains(afterSlash(ref), ":") {
		return nil, clientError("Revision must be provided.")
	}
	d := s.definition(ref)
	if d == nil {
		return nil, clientError("The specified task definition does not exist.")
	}
	if d.status() == ecs.TaskDefinitionStatusActive {
		d.doc.Status = aws.String(ecs.TaskDefinitionStatusInactive)
		d.doc.DeregisteredAt = aws.Time(r.now)
	}
	return &ecs.DeregisterTaskDefinitionOutput{TaskDefinition: clone(d.doc)}, nil
}

// ecsDeleteTaskDefinitions answers with status 200 also for those that it does not delete.
func (s *Sandbox) ecsDeleteTaskDefinitions(r *request, in *ecs.DeleteTaskDefinitionsInput) (*ecs.DeleteTaskDefinitionsOutput, error) {
	s.eraseDefinitions(r.now)
	if len(in.TaskDefinitions) > 10 {
		return nil, invalidParameter("Size of TaskDefinition references list cannot exceed 10")
	}
	out := &ecs.DeleteTaskDefinitionsOutput{TaskDefinitions: []*ecs.TaskDefinition{}, Failures: []*ecs.Failure{}}
	for _, ref := range aws.StringValueSlice(in.TaskDefinitions) {
		if !strings.Contains(afterSlash(ref), ":") {
			return nil, clientError("Revision must be provided.")
		}
		d := s.definition(ref)
		switch {
		case d == nil:
			out.Failures = append(
				out.Failures,
				&ecs.Failure{
					Arn:    aws.String(s.definitionARN(ref)),
					Reason: aws.String("The specified task definition does not exist. Specify a valid account, family, revision and try again."),
				},
			)
			continue
		case d.status() == ecs.TaskDefinitionStatusActive:
			out.Failures = append(
				out.Failures,
				&ecs.Failure{
					Arn:    aws.String(d.arn()),
					Reason: aws.String("The specified task definition is still in ACTIVE status. Please deregister the target and try again."),
				},
			)
			continue
		case d.deleted.IsZero():
			d.doc.Status = aws.String(ecs.TaskDefinitionStatusDeleteInProgress)
			d.deleted = r.now
		}
		out.TaskDefinitions = append(out.TaskDefinitions, clone(d.doc))
	}
	return out, nil
}

func (s *Sandbox) definitionARN(ref string) string {
	if strings.HasPrefix(ref, "arn:") {
		return ref
	}
	return s.arn("ecs", "task-definition/"+ref)
}

// ecsListTaskDefinitions takes familyPrefix as the exact name of a family, whatever it is called.
func (s *Sandbox) ecsListTaskDefinitions(r *request, in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	s.eraseDefinitions(r.now)
	status := ecs.TaskDefinitionStatusActive
	if in.Status != nil {
		status = *in.Status
	}
	var found []*taskDefinition
	for _, family := range s.ecs.families {
		if in.FamilyPrefix != nil && *in.FamilyPrefix != family.name {
			continue
		}
		for _, d := range family.revisions {
			if d != nil && d.status() == status {
				found = append(found, d)
			}
		}
	}
	p := paging{
		scope: "ListTaskDefinitions " + aws.StringValue(in.FamilyPrefix) + " " + status + " " + aws.StringValue(in.Sort),
		token: in.NextToken, max: in.MaxResults, size: 100, most: 100, descending: aws.StringValue(in.Sort) == ecs.SortOrderDesc,
	}
	shown, next, err := page(p, found, revisionOrder)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: []*string{}, NextToken: next}
	for _, d := range shown {
		out.TaskDefinitionArns = append(out.TaskDefinitionArns, d.doc.TaskDefinitionArn)
	}
	return out, nil
}

// revisionOrder sorts by family as text and by revision as a number.
func revisionOrder(d *taskDefinition) string {
	return fmt.Sprintf("%s\x00%012d", aws.StringValue(d.doc.Family), aws.Int64Value(d.doc.Revision))
}

// ecsListTaskDefinitionFamilies filters by a true prefix, and lists families without an ACTIVE revision too unless told otherwise.
func (s *Sandbox) ecsListTaskDefinitionFamilies(r *request, in *ecs.ListTaskDefinitionFamiliesInput) (*ecs.ListTaskDefinitionFamiliesOutput, error) {
	s.eraseDefinitions(r.now)
	status := ecs.TaskDefinitionFamilyStatusAll
	if in.Status != nil {
		status = *in.Status
	}
	names := []string{}
	for name, family := range s.ecs.families {
		active, standing := family.latestActive() != nil, len(family.standing()) > 0
		fits := standing && (status == ecs.TaskDefinitionFamilyStatusAll || (status == ecs.TaskDefinitionFamilyStatusActive) == active)
		if fits && strings.HasPrefix(name, aws.StringValue(in.FamilyPrefix)) {
			names = append(names, name)
		}
	}
	p := paging{
		scope: "ListTaskDefinitionFamilies " + aws.StringValue(in.FamilyPrefix) + " " + status,
		token: in.NextToken, max: in.MaxResults, size: 100, most: 100,
	}
	shown, next, err := page(p, names, itself)
	if err != nil {
		return nil, err
	}
	return &ecs.ListTaskDefinitionFamiliesOutput{Families: aws.StringSlice(shown), NextToken: next}, nil
}
