// Package weirlog is a small Weirlog client over the contract in proto/: it writes with retries that double nothing,
// reads, and consumes, also as a member of a group. Any number of brokers may come and go; one address is enough to
// begin with.
//
//	client := weirlog.NewClient("127.0.0.1:7171")
//	defer client.Close()
//	two := []*v1.Record{{Value: []byte("two books")}}
//	produced, err := client.Produce(ctx, "orders", two, weirlog.ProduceOptions{Partition: proto.Int32(0)})
//	consumer := client.Consume("orders", weirlog.Earliest(), weirlog.ConsumeOptions{Group: "readers"})
//	polled, err := consumer.Poll(100, time.Second)
//
// A call goes on trying until its context's deadline, or for a time of its own if there is none. Where it fails the
// error is a *Refused.
package weirlog

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "weirlog.example/go/target/v1"
)

const (
	attemptTime  = 5 * time.Second
	produceTime  = 30 * time.Second
	readTime     = 10 * time.Second
	messageBytes = 64 << 20
)

// Client asks one broker after another until one answers. It and what comes from it are for one goroutine at a time.
type Client struct {
	addresses   []string
	connections map[string]*grpc.ClientConn
	routing     v1.Routing
	name        string
	sequences   map[partition]int32 // The next one of each.
}

type partition struct {
	topic  string
	number int32
}

// Place says where a record is.
type Place struct {
	Partition int32
	Offset    int64
}

// Record is one that was read, and the partition that it came from.
type Record struct {
	Partition int32
	*v1.ConsumedRecord
}

// NewClient connects to nothing before it has to.
func NewClient(addresses ...string) *Client {
	return &Client{
		addresses:   append([]string(nil), addresses...),
		connections: map[string]*grpc.ClientConn{},
		routing:     v1.Routing_ROUTING_ANY,
		name:        newName(),
		sequences:   map[partition]int32{},
	}
}

// NewDirectClient goes to leaders and nowhere else.
func NewDirectClient(addresses ...string) *Client {
	client := NewClient(addresses...)
	client.routing = v1.Routing_ROUTING_LEADER_ONLY
	return client
}

// Close ends all connections, and with them what consumers have open.
func (c *Client) Close() {
	for _, connection := range c.connections {
		connection.Close()
	}
	c.connections = map[string]*grpc.ClientConn{}
}

// Sequence is a place in the sequence of a producer of that name, as ProducerSequence describes it.
type Sequence struct {
	ClientID string
	Base     int32
}

// ProduceOptions are all optional.
type ProduceOptions struct {
	Partition      *int32    // Without one the broker chooses, and what is uncertain is not tried again.
	Sequence       *Sequence // Instead of the client's own.
	ExpectedOffset *int64    // Appends there or not at all.
}

// Produced says what became of records.
type Produced struct {
	Places   []Place // Of each record, in order.
	Repeated bool    // They were there already.
}

// Produce returns once the records are acknowledged.
func (c *Client) Produce(
	ctx context.Context, topic string, records []*v1.Record, options ProduceOptions,
) (*Produced, error) {
	request := &v1.AppendRequest{
		Topic:              topic,
		Partition:          options.Partition,
		Acks:               v1.Acks_ACKS_ALL,
		Routing:            c.routing,
		ExpectedBaseOffset: options.ExpectedOffset,
		Payload:            &v1.AppendRequest_Records{Records: &v1.RecordList{Records: records}},
	}
	own := options.Sequence == nil && options.Partition != nil && options.ExpectedOffset == nil
	sequence, place := options.Sequence, partition{topic: topic}
	if own {
		place.number = *options.Partition
		sequence = &Sequence{c.name, c.sequences[place]}
	}
	if sequence != nil {
		request.Producer = &v1.ProducerSequence{ClientId: sequence.ClientID, BaseSequence: sequence.Base}
	}
	ctx, cancel := bounded(ctx, produceTime)
	defer cancel()
	results, refused := c.append(ctx, request)
	if refused != nil {
		if own && refused.Outcome != NotAppended { // What comes next must not be taken for a repetition.
			c.name, c.sequences = newName(), map[partition]int32{}
		}
		return nil, refused
	}
	if own {
		c.sequences[place] = int32((int64(sequence.Base) + int64(len(records))) % (1 << 31))
	}
	return produced(len(records), results), nil
}

func (c *Client) append(ctx context.Context, request *v1.AppendRequest) (results []*v1.AppendResult, _ *Refused) {
	certainOnly := request.Producer == nil
	refused := c.call(ctx, attemptTime, certainOnly, func(ctx context.Context, connection *grpc.ClientConn) *Refused {
		deadline, _ := ctx.Deadline()
		request.Timeout = durationpb.New(time.Until(deadline))
		response, failure := v1.NewProducerServiceClient(connection).Append(ctx, request)
		if failure != nil {
			return explain(ctx, failure)
		}
		for _, result := range response.GetResults() {
			if failed := result.GetFailure(); failed != nil {
				refused := explainProblem(failed.GetProblem())
				switch failed.GetOutcome() {
				case v1.AppendOutcome_APPEND_OUTCOME_NOT_APPENDED:
					refused.Outcome = NotAppended
				case v1.AppendOutcome_APPEND_OUTCOME_UNKNOWN:
					refused.Outcome = Unknown
				}
				return refused
			}
		}
		results = response.GetResults()
		return nil
	})
	return results, refused
}

func produced(records int, results []*v1.AppendResult) *Produced {
	all := &Produced{Places: make([]Place, records)}
	for _, result := range results {
		appended, indexes := result.GetAppended(), result.GetRecordIndexes()
		for at := range all.Places {
			index := at
			if len(indexes) > 0 {
				if at == len(indexes) {
					break
				}
				index = int(indexes[at])
			}
			all.Places[index] = Place{result.GetPartition(), appended.GetBaseOffset() + int64(at)}
		}
		all.Repeated = all.Repeated || appended.GetRepeated()
	}
	return all
}

// Fetch waits until there is a record at that offset. It returns some, perhaps none, and where to read on.
func (c *Client) Fetch(
	ctx context.Context, topic string, partition int32, offset int64, most int, wait time.Duration,
) ([]Record, int64, error) {
	request := &v1.FetchRequest{
		Partitions: []*v1.FetchPartition{{Topic: topic, Partition: partition, Offset: offset}},
		MinBytes:   1,
		MaxWait:    durationpb.New(wait),
		Routing:    c.routing,
	}
	ctx, cancel := bounded(ctx, readTime+wait)
	defer cancel()
	var read *v1.FetchedPartition
	refused := c.call(ctx, attemptTime+wait, false, func(ctx context.Context, connection *grpc.ClientConn) *Refused {
		response, failure := v1.NewConsumerServiceClient(connection).Fetch(ctx, request)
		if failure != nil {
			return explain(ctx, failure)
		}
		read = response.GetPartitions()[0]
		return problemOf(read.GetProblem())
	})
	if refused != nil {
		return nil, 0, refused
	}
	var records []Record
	next := read.GetNextOffset()
	for _, record := range read.GetRecords().GetRecords() {
		if len(records) == most {
			break
		}
		records = append(records, Record{partition, record})
		next = record.GetOffset() + 1
	}
	return records, next, nil
}

// ListOffset looks up an offset; found is false if no record is that young.
func (c *Client) ListOffset(
	ctx context.Context, topic string, partition int32, position *v1.StartPosition,
) (offset int64, found bool, _ error) {
	request := &v1.ListOffsetsRequest{
		Partitions: []*v1.ListOffsetsPartition{{
			Topic:     topic,
			Partition: partition,
			Query:     &v1.ListOffsetsPartition_Position{Position: position},
		}},
		Routing: c.routing,
	}
	ctx, cancel := bounded(ctx, readTime)
	defer cancel()
	refused := c.call(ctx, attemptTime, false, func(ctx context.Context, connection *grpc.ClientConn) *Refused {
		response, failure := v1.NewConsumerServiceClient(connection).ListOffsets(ctx, request)
		if failure != nil {
			return explain(ctx, failure)
		}
		listed := response.GetOffsets()[0]
		offset, found = listed.GetOffset(), listed.Offset != nil
		return problemOf(listed.GetProblem())
	})
	if refused != nil {
		return 0, false, refused
	}
	return offset, found, nil
}

// CreateTopic makes a topic with so many partitions.
func (c *Client) CreateTopic(ctx context.Context, topic string, partitions int32) error {
	request := &v1.CreateTopicRequest{Name: topic, Partitions: &partitions, RequestId: newID()}
	ctx, cancel := bounded(ctx, readTime)
	defer cancel()
	refused := c.call(ctx, attemptTime, false, func(ctx context.Context, connection *grpc.ClientConn) *Refused {
		if _, failure := v1.NewAdminServiceClient(connection).CreateTopic(ctx, request); failure != nil {
			return explain(ctx, failure)
		}
		return nil
	})
	if refused != nil {
		return refused // Not at once: a nil of that type is no nil error.
	}
	return nil
}

// call runs the attempt, which may be refused, again and again as long as that can help.
func (c *Client) call(
	ctx context.Context, attemptTime time.Duration, certainOnly bool,
	attempt func(context.Context, *grpc.ClientConn) *Refused,
) *Refused {
	if deadline, set := ctx.Deadline(); certainOnly && set {
		attemptTime = time.Until(deadline) // What cannot be repeated has all the time.
	}
	uncertain := false
	for {
		refused := c.try(ctx, attemptTime, attempt)
		if refused == nil {
			return nil
		}
		uncertain = uncertain || refused.Outcome != NotAppended
		deadline, _ := ctx.Deadline()
		late := ctx.Err() != nil || time.Until(deadline) < 50*time.Millisecond
		if late || !refused.again || (certainOnly && uncertain) {
			if uncertain && (refused.again || late) {
				refused.Outcome = Unknown
			}
			return refused
		}
		c.nextBroker(refused)
	}
}

func (c *Client) try(
	ctx context.Context, attemptTime time.Duration, attempt func(context.Context, *grpc.ClientConn) *Refused,
) *Refused {
	connection, failure := c.connection()
	if failure != nil {
		return explain(ctx, failure)
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	return attempt(ctx, connection)
}

func (c *Client) connection() (*grpc.ClientConn, error) {
	address := c.addresses[0]
	if known := c.connections[address]; known != nil {
		return known, nil
	}
	// Dial and WithInsecure are what NewClient and insecure.NewCredentials were called in versions that Debian has.
	connection, failure := grpc.Dial(address,
		grpc.WithInsecure(),
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(messageBytes), grpc.MaxCallSendMsgSize(messageBytes)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second}),
		// A broker that comes back is to be found again soon.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 2, MaxDelay: time.Second},
			MinConnectTimeout: attemptTime,
		}))
	if failure != nil {
		return nil, failure
	}
	c.connections[address] = connection
	return connection, nil
}

// nextBroker turns to the leader that was named, or to the next one that is known.
func (c *Client) nextBroker(refused *Refused) {
	if leader := refused.Metadata["leader_address"]; leader != "" {
		c.addresses = append([]string{leader}, c.addresses...)
	} else {
		c.addresses = append(c.addresses[1:], c.addresses[0])
	}
	time.Sleep(20 * time.Millisecond)
}

// learn adds the addresses of all brokers. That it cannot, the next call will say.
func (c *Client) learn() {
	_ = c.try(context.Background(), attemptTime, func(ctx context.Context, connection *grpc.ClientConn) *Refused {
		found, failure := v1.NewClusterServiceClient(connection).DescribeCluster(ctx, &v1.DescribeClusterRequest{})
		if failure != nil {
			return explain(ctx, failure)
		}
		known := map[string]bool{}
		for _, address := range c.addresses {
			known[address] = true
		}
		for _, broker := range found.GetBrokers() {
			if !known[broker.GetAddress()] {
				c.addresses = append(c.addresses, broker.GetAddress())
			}
		}
		return nil
	})
}

// Earliest is the first record that there is.
func Earliest() *v1.StartPosition {
	return &v1.StartPosition{Position: &v1.StartPosition_Earliest_{Earliest: &v1.StartPosition_Earliest{}}}
}

// Latest is the first record that is still to come.
func Latest() *v1.StartPosition {
	return &v1.StartPosition{Position: &v1.StartPosition_Latest_{Latest: &v1.StartPosition_Latest{}}}
}

// AtOffset is the record there.
func AtOffset(offset int64) *v1.StartPosition {
	return &v1.StartPosition{Position: &v1.StartPosition_Offset{Offset: offset}}
}

// AtTime is the first record at or after a time.
func AtTime(time time.Time) *v1.StartPosition {
	return &v1.StartPosition{Position: &v1.StartPosition_Timestamp{Timestamp: timestamppb.New(time)}}
}

func problemOf(problem *v1.Problem) *Refused {
	if problem == nil {
		return nil
	}
	return explainProblem(problem)
}

func bounded(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	if _, has := ctx.Deadline(); has {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, most)
}

func newID() []byte {
	id := make([]byte, 16)
	if _, failure := rand.Read(id); failure != nil {
		panic(failure) // The system has no random numbers.
	}
	return id
}

func newName() string { return hex.EncodeToString(newID()) }
