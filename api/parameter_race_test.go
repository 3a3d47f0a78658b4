package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"
	awsssm "github.com/aws/aws-sdk-go/service/ssm"
)

// A value that is put while its prefix is deleted does not bring the parameter back.
func TestAParameterAndItsPrefixAtOnce(t *testing.T) {
	for name, change := range map[string]string{"value and tags": changeParameter, "value": `{"Value": "new"}`} {
		t.Run(name, func(t *testing.T) {
			met := map[[2]int]bool{}
			for delay := -200; delay <= 200; delay += 25 {
				inWorld(t, func(w *world) {
					parameterMade(w)
					var gone, put answer
					atOnce(delay, func() { gone = w.send("DELETE", "/params/someprefix", "") }, func() { put = w.send("PUT", oneParameter, change) })
					w.ended()
					met[[2]int{gone.status, put.status}] = true
					w.must(http.StatusNotFound, "GET", oneParameter, "")
				})
			}
			if fmt.Sprint(met) != "map[[200 200]:true [200 404]:true]" {
				t.Errorf("answered %v", met)
			}
		})
	}
}

// Two deletes of one prefix at once do not wait for one another in a circle.
func TestTwoDeletesOfAPrefixAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.makeParameters("someprefix", 30)
		var statuses [2]int
		atOnce(1, func() { statuses[0] = w.send("DELETE", "/params/someprefix", "").status }, func() { statuses[1] = w.send("DELETE", "/params/someprefix", "").status })
		if statuses != [2]int{http.StatusOK, http.StatusOK} {
			w.Errorf("%v", statuses)
		}
	})
}

// A parameter that someone else deletes while its value is put stands anew: it is the org's.
func TestAParameterThatIsMadeAnewHasItsTags(t *testing.T) {
	for name, change := range map[string]string{"value and tags": changeParameter, "value": `{"Value": "new"}`} {
		t.Run(name, func(t *testing.T) {
			anew := 0
			for delay := 0; delay <= 200; delay += 20 {
				inWorld(t, func(w *world) {
					parameterMade(w)
					atOnce(delay, func() { w.send("PUT", oneParameter, change) }, func() {
						in := &awsssm.DeleteParameterInput{Name: aws.String("/myorg/someprefix/newsecret123")}
						if _, err := awsssm.New(w.account.Session).DeleteParameter(in); err != nil {
							w.Error(err)
						}
					})
					w.ended()
					if a := w.send("GET", oneParameter, ""); a.status == http.StatusOK {
						anew++
						if told := string(a.body); !strings.Contains(told, `"spinup:org"`) || strings.Contains(change, "MyKey") != strings.Contains(told, "MyKey") {
							w.Errorf("delay %d: stands %s", delay, told)
						}
					}
				})
			}
			if anew == 0 {
				t.Error("it was never made anew")
			}
		})
	}
}
