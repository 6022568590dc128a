package weirlog

import (
	"context"
	"io"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "weirlog.example/go/target/v1"
)

const (
	creditRecords = 1000
	creditBytes   = 16 << 20
	answerTime    = 10 * time.Second
)

// ConsumeOptions are all optional. Without a group, a consumer reads all partitions of its topic.
type ConsumeOptions struct {
	Group    string
	Instance string // A member that comes back under the same one keeps its partitions.
}

// Polled has records, with the partitions that were assigned before them and revoked after.
type Polled struct {
	Assigned []int32
	Records  []Record
	Revoked  []int32
}

// Consumer reads one stream after another, each opened where the one before ended.
type Consumer struct {
	client    *Client
	topic     string
	start     *v1.StartPosition
	options   ConsumeOptions
	positions map[int32]*v1.StartPosition // Of each partition, without a group.
	member    string                      // In a group: the next stream goes on as this one.
	commitID  uint64
	seekID    uint64

	// Of the stream that is open, by assignment where they are maps.
	stream v1.ConsumerService_ConsumeClient
	cancel context.CancelFunc
	inbox  chan message
	later  []message // Comes before what is in the inbox.
	ready  []arrived
	owned  map[uint32]int32 // The partition.
	seeks  map[uint32]uint64
	given  map[uint32]int64 // The next offset.
}

// message is what came from the broker, or in the end why nothing more comes.
type message struct {
	*v1.ConsumeResponse
	end *Refused
}

type arrived struct {
	assignment uint32
	record     *v1.ConsumedRecord
}

// Consume begins at `start`, in a group only where that has committed nothing. What is wrong the first Poll says.
func (c *Client) Consume(topic string, start *v1.StartPosition, options ConsumeOptions) *Consumer {
	consumer := &Consumer{
		client: c, topic: topic, start: start, options: options, positions: map[int32]*v1.StartPosition{},
	}
	consumer.open()
	return consumer
}

func (c *Consumer) open() {
	c.client.learn()
	c.stream, c.later, c.ready = nil, nil, nil
	c.owned, c.seeks, c.given = map[uint32]int32{}, map[uint32]uint64{}, map[uint32]int64{}
	// The most that the credit lets come, and more: what reads the stream is hardly ever held up.
	c.inbox = make(chan message, 2*creditRecords)
	var ctx context.Context
	ctx, c.cancel = context.WithCancel(context.Background())
	connection, failure := c.client.connection()
	if failure == nil {
		c.stream, failure = v1.NewConsumerServiceClient(connection).Consume(ctx)
	}
	if failure != nil {
		c.inbox <- message{end: explain(ctx, failure)}
		return
	}
	c.send(&v1.ConsumeRequest{Request: &v1.ConsumeRequest_Initial{Initial: c.initial()}})
	go read(ctx, c.stream, c.inbox)
}

func (c *Consumer) initial() *v1.ConsumeInitial {
	initial := &v1.ConsumeInitial{
		Start:  c.start,
		Credit: &v1.Credit{Records: creditRecords, Bytes: creditBytes},
	}
	if c.options.Group != "" {
		initial.Subscription = &v1.ConsumeInitial_Group{Group: &v1.GroupSubscription{
			GroupId:    c.options.Group,
			Topics:     []string{c.topic},
			InstanceId: c.options.Instance,
			MemberId:   c.member,
		}}
		return initial
	}
	explicit := &v1.ExplicitPartitions{}
	for number, position := range c.positions {
		explicit.Partitions = append(explicit.Partitions,
			&v1.ExplicitPartition{Topic: c.topic, Partition: proto.Int32(number), Start: position})
	}
	if len(explicit.Partitions) == 0 {
		explicit.Partitions = []*v1.ExplicitPartition{{Topic: c.topic}}
	}
	initial.Subscription = &v1.ConsumeInitial_Partitions{Partitions: explicit}
	return initial
}

func read(ctx context.Context, stream v1.ConsumerService_ConsumeClient, inbox chan<- message) {
	for {
		response, failure := stream.Recv()
		next := message{ConsumeResponse: response}
		if failure == io.EOF {
			next.end = &Refused{Reason: "END", Message: "the broker has ended the stream", again: true}
		} else if failure != nil {
			next.end = explain(ctx, failure)
		}
		select {
		case inbox <- next:
		case <-ctx.Done():
			return
		}
		if next.end != nil {
			return
		}
	}
}

// Poll waits for the first record, or for news of partitions. To ask for more says that all before is done with: only
// then is a revocation acknowledged. What it returns beside an error holds too.
func (c *Consumer) Poll(most int, wait time.Duration) (Polled, error) {
	var polled Polled
	until := time.Now().Add(wait)
	for len(polled.Records) < most && len(polled.Revoked) == 0 {
		if len(c.ready) > 0 {
			polled.Records = append(polled.Records, c.give())
			continue
		}
		left := time.Until(until)
		if len(polled.Records) > 0 {
			left = 0
		}
		next, came := c.take(left)
		if !came {
			break
		}
		if len(polled.Records) > 0 && (next.end != nil || next.GetRevoking() != nil || next.GetProblem() != nil) {
			c.putBack(next) // Who has these records is to do with them what there is to do first.
			break
		}
		if refused := c.handle(next, &polled); refused != nil {
			return polled, refused
		}
	}
	return polled, nil
}

func (c *Consumer) give() Record {
	first := c.ready[0]
	c.ready = c.ready[1:]
	number, next := c.owned[first.assignment], first.record.GetOffset()+1
	c.given[first.assignment], c.positions[number] = next, AtOffset(next)
	return Record{number, first.record}
}

func (c *Consumer) take(wait time.Duration) (message, bool) {
	if len(c.later) > 0 {
		next := c.later[0]
		c.later = c.later[1:]
		return next, true
	}
	select {
	case next := <-c.inbox:
		return next, true
	default:
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case next := <-c.inbox:
		return next, true
	case <-timer.C:
		return message{}, false
	}
}

func (c *Consumer) putBack(messages ...message) { c.later = append(messages, c.later...) }

func (c *Consumer) handle(next message, polled *Polled) *Refused {
	if next.end != nil {
		if !next.end.again || next.end.Reason == "FENCED_MEMBER" {
			c.putBack(next) // It is so for good.
			return next.end
		}
		c.cancel()
		c.client.nextBroker(next.end)
		c.open()
		return nil
	}
	switch response := next.GetResponse().(type) { // A newer broker may say what is not known here.
	case *v1.ConsumeResponse_Initial:
		c.member = response.Initial.GetMemberId()
	case *v1.ConsumeResponse_Assigned:
		for _, one := range response.Assigned.GetPartitions() {
			c.owned[one.GetAssignment()] = one.GetPartition()
			if c.positions[one.GetPartition()] == nil {
				c.positions[one.GetPartition()] = AtOffset(one.GetStartOffset())
			}
			polled.Assigned = append(polled.Assigned, one.GetPartition())
		}
	case *v1.ConsumeResponse_Batch:
		c.receive(response.Batch)
	case *v1.ConsumeResponse_Revoking:
		polled.Revoked = c.letGo(response.Revoking.GetAssignments())
	case *v1.ConsumeResponse_Problem:
		return explainProblem(response.Problem.GetProblem())
	}
	return nil
}

func (c *Consumer) receive(batch *v1.Batch) {
	c.send(&v1.ConsumeRequest{Request: &v1.ConsumeRequest_Credit{Credit: &v1.Credit{
		Records: int64(batch.GetRecordCount()),
		Bytes:   int64(proto.Size(batch.GetRecords())),
	}}})
	assignment := batch.GetAssignment()
	if _, owned := c.owned[assignment]; owned && batch.GetSeekId() >= c.seeks[assignment] {
		for _, record := range batch.GetRecords().GetRecords() {
			c.ready = append(c.ready, arrived{assignment, record})
		}
	}
}

func (c *Consumer) letGo(assignments []uint32) []int32 {
	var revoked []int32
	for _, assignment := range assignments {
		if number, owned := c.owned[assignment]; owned {
			revoked = append(revoked, number)
		}
		delete(c.owned, assignment)
		delete(c.given, assignment)
		c.dropReady(assignment)
	}
	c.send(&v1.ConsumeRequest{Request: &v1.ConsumeRequest_Revoked{Revoked: &v1.Revoked{Assignments: assignments}}})
	return revoked
}

func (c *Consumer) dropReady(assignment uint32) {
	kept := c.ready[:0]
	for _, one := range c.ready {
		if one.assignment != assignment {
			kept = append(kept, one)
		}
	}
	c.ready = kept
}

// Commit commits all that was given, and returns when it is stored.
func (c *Consumer) Commit() error {
	c.commitID++
	commit := &v1.Commit{CommitId: c.commitID}
	for assignment, offset := range c.given {
		commit.Positions = append(commit.Positions, &v1.CommitPosition{Assignment: assignment, NextOffset: offset})
	}
	c.send(&v1.ConsumeRequest{Request: &v1.ConsumeRequest_Commit{Commit: commit}})
	var others []message
	defer func() { c.putBack(others...) }()
	for until := time.Now().Add(answerTime); ; {
		next, came := c.take(time.Until(until))
		if !came {
			return &Refused{Reason: "TIMED_OUT", Message: "no answer to the commit"}
		}
		if committed := next.GetCommitted(); committed.GetCommitId() == c.commitID {
			if problem := committed.GetProblem(); problem != nil {
				return explainProblem(problem)
			}
			return nil
		}
		others = append(others, next)
		if next.end != nil {
			return next.end
		}
	}
}

// Seek goes on from another place in a partition that the consumer has.
func (c *Consumer) Seek(partition int32, position *v1.StartPosition) error {
	for assignment, number := range c.owned {
		if number != partition {
			continue
		}
		c.seekID++
		c.seeks[assignment], c.positions[partition] = c.seekID, position
		c.dropReady(assignment)
		c.send(&v1.ConsumeRequest{Request: &v1.ConsumeRequest_Seek{Seek: &v1.Seek{
			SeekId: c.seekID, Assignment: assignment, Position: position,
		}}})
		return nil
	}
	return &Refused{Reason: "PARTITION_NOT_OWNED", Message: "the consumer does not have that partition"}
}

// Close returns once the broker has heard of it.
func (c *Consumer) Close() {
	defer c.cancel()
	if c.stream == nil || c.stream.CloseSend() != nil {
		return
	}
	for until := time.Now().Add(answerTime); ; {
		if next, came := c.take(time.Until(until)); !came || next.end != nil {
			return
		}
	}
}

// send says nothing of a stream that is broken: whatever reads it does.
func (c *Consumer) send(request *v1.ConsumeRequest) {
	if c.stream != nil {
		_ = c.stream.Send(request)
	}
}
