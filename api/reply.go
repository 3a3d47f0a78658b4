package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gorilla/mux"
	"github.com/pkg/errors"
)

// What an answer, or an error, may say of itself beyond its JSON.
type (
	// statusCoder is an answer that chooses its own status.
	statusCoder interface{ StatusCode() int }
	// operated is an answer or an error that came of an operation.
	operated interface{ OperationID() string }
	// deferred is the answer to a caller whose work goes on without it: where it can be asked for. It comes in place of an error.
	deferred interface {
		error
		statusCoder
		Location() string
	}
)

// text is an answer that is not JSON.
type text string

// ready is an answer that is JSON already.
type ready []byte

// reply writes out. It is encoded whole before the first byte leaves, so that what cannot be encoded is still a 500.
func reply(w http.ResponseWriter, r *http.Request, status int, out any) error {
	if _, empty := out.(interface{ Empty() }); empty {
		if of, ok := out.(operated); ok {
			setOperation(w, r, of.OperationID())
		}
		w.WriteHeader(status)
		return nil
	}
	body, contentType, err := encoded(out)
	if err != nil {
		return err
	}
	if own, ok := out.(statusCoder); ok {
		status = own.StatusCode()
	}
	if later, ok := out.(deferred); ok {
		w.Header().Set("Location", Prefix+later.Location())
	}
	if of, ok := out.(operated); ok {
		setOperation(w, r, of.OperationID())
		if id := of.OperationID(); status == http.StatusAccepted && id != "" {
			w.Header().Set("Location", Prefix+"/"+mux.Vars(r)["account"]+"/operations/"+id)
		}
	}
	write(w, status, contentType, body)
	return nil
}

func encoded(out any) (body []byte, contentType string, err error) {
	if plain, ok := out.(text); ok {
		return []byte(plain), "text/plain; charset=utf-8", nil
	}
	if whole, ok := out.(ready); ok {
		return whole, "application/json", nil
	}
	body, err = marshal(out)
	return body, "application/json", errors.Wrap(err, "encoding the answer")
}

// marshal is encoding/json without its escapes for HTML: nothing here ends up in a page, and `&` stays readable.
func marshal(v any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller may have gone; there is nobody else to tell
}

func setOperation(w http.ResponseWriter, r *http.Request, id string) {
	if id == "" {
		return
	}
	exchangeOf(r.Context()).operation = id
	w.Header().Set("X-Operation-Id", id)
}
