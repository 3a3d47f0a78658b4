package orchestration

import (
	"encoding/json"
	"strings"
)

// redacted encodes what the journal may keep of a request or an answer: values of secrets, of the environment and of log driver options are
// digests under the journal's key. Nil for nothing.
func (a *Account) redacted(value any) json.RawMessage {
	encoded, err := json.Marshal(value)
	if err != nil || value == nil {
		return nil
	}
	var document any
	if json.Unmarshal(encoded, &document) != nil {
		return nil
	}
	return raw(a.redact("", document))
}

// redact replaces what must not be kept; under is the name of the member that the value stands in.
func (a *Account) redact(under string, value any) any {
	switch typed := value.(type) {
	case map[string]any:
		for key, member := range typed {
			switch name := strings.ToLower(key); {
			case name == "secretstring" || name == "secretbinary", name == "value" && under == "environment":
				typed[key] = a.digested(member)
			case name == "options" && under == "logconfiguration" && typed["LogDriver"] != "awslogs":
				typed[key] = a.digested(member)
			default:
				typed[key] = a.redact(name, member)
			}
		}
	case []any:
		for i, item := range typed {
			typed[i] = a.redact(under, item)
		}
	}
	return value
}

func (a *Account) digested(value any) any {
	if value == nil {
		return nil
	}
	return a.Journal.Digest(string(raw(value)))
}
