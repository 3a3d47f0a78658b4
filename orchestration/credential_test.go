package orchestration

import "testing"

// The credentials table of the contract, row by row.
func TestTheCredentialsTable(t *testing.T) {
	const old, other = "arn:old", "arn:other"
	cases := []struct {
		name       string
		old, named string
		given      bool
		want       credentialChange
	}{
		{"old, none, new", old, "", true, credentialChange{use: useOverwrite, secret: old}},
		{"old, the same, new", old, old, true, credentialChange{use: useOverwrite, secret: old}},
		{"old, the same, no new", old, old, false, credentialChange{use: useGiven, secret: old}},
		{"old, none, no new", old, "", false, credentialChange{use: useNone, retire: old}},
		{"old, another, new", old, other, true, credentialChange{use: useOverwrite, secret: other, retire: old}},
		{"no old, another, new", "", other, true, credentialChange{use: useOverwrite, secret: other}},
		{"old, another, no new", old, other, false, credentialChange{use: useGiven, secret: other, retire: old}},
		{"no old, another, no new", "", other, false, credentialChange{use: useGiven, secret: other}},
		{"no old, none, new", "", "", true, credentialChange{use: useNew}},
		{"no old, none, no new", "", "", false, credentialChange{use: useNone}},
	}
	for _, c := range cases {
		if got := changeCredential(c.old, c.named, c.given); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}
