package admin

import (
	"encoding/json"
	"net/http"

	"github.com/thronggrid/throng/grid/fault"
)

// failure is an error as it is answered.
type failure struct {
	Error struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	f := fault.Of(err)
	failAs(w, statusOf(f.Code), f)
}

func failAs(w http.ResponseWriter, status int, f *fault.Error) {
	var out failure
	out.Error.Code, out.Error.Message = f.Code.String(), f.Message
	answer(w, status, out)
}

// answer answers with JSON. That the client has gone is nobody's error.
func answer(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil { // none of our types can fail
		status, text = http.StatusInternalServerError, []byte("{}")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n'))
}

// statusOf is the HTTP status that goes with a code.
func statusOf(c fault.Code) int {
	switch c {
	case fault.OK:
		return http.StatusOK
	case fault.InvalidArgument, fault.FailedPrecondition, fault.OutOfRange:
		return http.StatusBadRequest
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	case fault.PermissionDenied:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.AlreadyExists, fault.Aborted:
		return http.StatusConflict
	case fault.ResourceExhausted:
		return http.StatusTooManyRequests
	case fault.Unimplemented:
		return http.StatusNotImplemented
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.DeadlineExceeded:
		return http.StatusGatewayTimeout
	}
	return http.StatusInternalServerError
}
