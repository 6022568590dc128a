package weirlog

import (
	"context"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "weirlog.example/go/target/v1"
)

// What Refused.Outcome says of records that were to be written.
const (
	NotAppended = "NOT_APPENDED"
	Unknown     = "UNKNOWN"
)

// Refused is the error of whatever a broker, or the way to it, did not do.
type Refused struct {
	Reason   string // The name in ErrorReason without its prefix; where no broker gave one, that of the gRPC code.
	Message  string
	Outcome  string // Of Produce: NotAppended, or Unknown if the records may be in the log.
	Metadata map[string]string

	again bool // It may go better the next time.
}

func (r *Refused) Error() string { return r.Reason + ": " + r.Message }

// explain tells what a failed call says of itself; without a word of a broker, the connection failed.
func explain(ctx context.Context, failure error) *Refused {
	said := status.Convert(failure)
	its := said.Code()
	// The broker ends a call at its deadline too, and may be first.
	if its == codes.Canceled && ctx.Err() == nil {
		its = codes.DeadlineExceeded
	}
	refused := &Refused{
		Reason:  code.Code(its).String(),
		Message: said.Message(),
		again:   its == codes.Unavailable || its == codes.DeadlineExceeded || its == codes.Aborted,
	}
	for _, detail := range said.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			refused.Reason, refused.Metadata = info.GetReason(), info.GetMetadata()
			refused.Outcome = refused.Metadata["outcome"]
			refused.again = refused.again || refused.Reason == "NOT_LEADER"
		}
	}
	return refused
}

func explainProblem(problem *v1.Problem) *Refused {
	reason := strings.TrimPrefix(problem.GetReason().String(), "ERROR_REASON_")
	return &Refused{
		Reason:   reason,
		Message:  problem.GetMessage(),
		Metadata: problem.GetMetadata(),
		again:    problem.GetRetryDelay() != nil || reason == "NOT_LEADER",
	}
}
