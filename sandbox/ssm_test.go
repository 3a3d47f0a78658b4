package sandbox

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/ssm"
)

func newParameter(name, value string) *ssm.PutParameterInput {
	return &ssm.PutParameterInput{Name: &name, Value: &value, Type: aws.String("String")}
}

func TestParameterPagesMayBeEmpty(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c := ssm.New(p)
		for i := range 12 {
			must(c.PutParameter(newParameter(fmt.Sprintf("/org/space/p%02d", i), "v")))
		}
		s.SetEmptyPages(true)
		in := &ssm.GetParametersByPathInput{Path: aws.String("/org/space")}
		var sizes []int
		err := c.GetParametersByPathPages(in, func(out *ssm.GetParametersByPathOutput, _ bool) bool {
			sizes = append(sizes, len(out.Parameters))
			return true
		})
		same(t, "pages", fmt.Sprint(sizes, err), "[0 10 2] <nil>")
	})
}

func TestAdvancedParametersStaySo(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, in := ssm.New(p), newParameter("/org/one", string(make([]byte, 5000)))
		_, err := c.PutParameter(in)
		refused(t, err, "ValidationException", 400)
		in.Tier = aws.String("Intelligent-Tiering")
		same(t, "tier", *must(c.PutParameter(in)).Tier, "Advanced")
		in = newParameter("/org/one", "v")
		in.Overwrite = aws.Bool(true)
		same(t, "tier", *must(c.PutParameter(in)).Tier, "Advanced")
		in.Tier = aws.String("Standard")
		_, err = c.PutParameter(in)
		refused(t, err, "ValidationException", 400)
	})
}

func TestInventoryHoldsNoParameterValue(t *testing.T) {
	inBubble(t, func(t *testing.T, s *Sandbox, p *session.Session) {
		c, in := ssm.New(p), newParameter("/org/one", "secret-value")
		must(c.PutParameter(in))
		before := s.Inventory()
		in.Overwrite = aws.Bool(true)
		must(c.PutParameter(in))
		same(t, "diff", Diff(before, s.Inventory()), "~ parameter /org/one:\n    version: 1 -> 2\n")
	})
}
