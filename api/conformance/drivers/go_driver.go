// A driver for the conformance kit: its commands for the small client in api/examples/go.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "weirlog.example/go/target/v1"
	"weirlog.example/go/weirlog"
)

// text has a character for each byte, U+0000 to U+00FF; nil is none at all, which is not an empty one.
type text []byte

func (t *text) UnmarshalJSON(given []byte) error {
	var characters *string
	if err := json.Unmarshal(given, &characters); err != nil || characters == nil {
		return err
	}
	*t = text{}
	for _, character := range *characters {
		*t = append(*t, byte(character))
	}
	return nil
}

func (t text) MarshalJSON() ([]byte, error) {
	if t == nil {
		return []byte("null"), nil
	}
	characters := make([]rune, len(t))
	for at, one := range t {
		characters[at] = rune(one)
	}
	return json.Marshal(string(characters))
}

type position struct{ *v1.StartPosition }

func (p *position) UnmarshalJSON(given []byte) error {
	switch string(given) {
	case `"earliest"`:
		p.StartPosition = weirlog.Earliest()
		return nil
	case `"latest"`:
		p.StartPosition = weirlog.Latest()
		return nil
	}
	var at struct {
		Offset *int64 `json:"offset"`
		Millis int64  `json:"timestamp_ms"`
	}
	if err := json.Unmarshal(given, &at); err != nil {
		return err
	}
	if at.Offset != nil {
		p.StartPosition = weirlog.AtOffset(*at.Offset)
	} else {
		p.StartPosition = weirlog.AtTime(time.UnixMilli(at.Millis))
	}
	return nil
}

// header is a pair in JSON.
type header struct {
	name  string
	value text
}

func (h *header) UnmarshalJSON(given []byte) error {
	return json.Unmarshal(given, &[]any{&h.name, &h.value})
}

func (h header) MarshalJSON() ([]byte, error) { return json.Marshal([]any{h.name, h.value}) }

type record struct {
	Partition int32    `json:"partition"`
	Offset    int64    `json:"offset"`
	Key       text     `json:"key"`
	Value     text     `json:"value"`
	Headers   []header `json:"headers"`
	Millis    *int64   `json:"timestamp_ms"`
}

func (r record) toWrite() *v1.Record {
	written := &v1.Record{Key: r.Key, Value: r.Value}
	for _, pair := range r.Headers {
		written.Headers = append(written.Headers, &v1.Header{Key: pair.name, Value: pair.value})
	}
	if r.Millis != nil {
		written.Timestamp = timestamppb.New(time.UnixMilli(*r.Millis))
	}
	return written
}

func readRecords(read []weirlog.Record) []record {
	records := []record{}
	for _, one := range read {
		millis := one.GetTimestamp().AsTime().UnixMilli()
		shown := record{
			Partition: one.Partition, Offset: one.GetOffset(), Key: one.Key, Value: one.Value, Millis: &millis,
			Headers: []header{},
		}
		for _, its := range one.GetHeaders() {
			shown.Headers = append(shown.Headers, header{its.GetKey(), its.Value})
		}
		records = append(records, shown)
	}
	return records
}

type command struct {
	ID             json.RawMessage `json:"id"`
	Do             string          `json:"do"`
	Addresses      []string        `json:"addresses"`
	Direct         bool            `json:"direct"`
	Topic          string          `json:"topic"`
	Partitions     int32           `json:"partitions"`
	Partition      *int32          `json:"partition"`
	Records        []record        `json:"records"`
	TimeoutMillis  int64           `json:"timeout_ms"`
	ExpectedOffset *int64          `json:"expected_offset"`
	Offset         int64           `json:"offset"`
	RecordsMax     int             `json:"max_records"`
	WaitMillis     int64           `json:"wait_ms"`
	At             position        `json:"at"`
	From           position        `json:"from"`
	To             position        `json:"to"`
	Consumer       string          `json:"consumer"`
	Group          string          `json:"group"`
	Instance       string          `json:"instance"`
	Sequence       *struct {
		ClientID string `json:"client_id"`
		Base     int32  `json:"base"`
	} `json:"sequence"`
}

func (c command) partition() int32 {
	if c.Partition == nil {
		return 0
	}
	return *c.Partition
}

func (c command) wait() time.Duration { return time.Duration(c.WaitMillis) * time.Millisecond }

type answer map[string]any

type driver struct {
	client    *weirlog.Client
	consumers map[string]*weirlog.Consumer
}

func (d *driver) run(c command, a answer) error {
	ctx := context.Background()
	switch c.Do {
	case "reset":
		d.reset()
	case "connect":
		if c.Direct {
			d.client = weirlog.NewDirectClient(c.Addresses...)
		} else {
			d.client = weirlog.NewClient(c.Addresses...)
		}
	case "create_topic":
		return d.client.CreateTopic(ctx, c.Topic, c.Partitions)
	case "produce":
		return d.produce(ctx, c, a)
	case "fetch":
		records, next, err := d.client.Fetch(ctx, c.Topic, c.partition(), c.Offset, c.RecordsMax, c.wait())
		a["records"], a["next_offset"] = readRecords(records), next
		return err
	case "list_offset":
		offset, found, err := d.client.ListOffset(ctx, c.Topic, c.partition(), c.At.StartPosition)
		if found {
			a["offset"] = offset
		}
		return err
	case "consume_open":
		d.consumers[c.Consumer] = d.client.Consume(c.Topic, c.From.StartPosition,
			weirlog.ConsumeOptions{Group: c.Group, Instance: c.Instance})
	case "consume_next":
		polled, err := d.consumers[c.Consumer].Poll(c.RecordsMax, c.wait())
		a["assigned"], a["records"], a["revoked"] = polled.Assigned, readRecords(polled.Records), polled.Revoked
		return err
	case "commit":
		return d.consumers[c.Consumer].Commit()
	case "seek":
		return d.consumers[c.Consumer].Seek(c.partition(), c.To.StartPosition)
	case "close":
		d.consumers[c.Consumer].Close()
		delete(d.consumers, c.Consumer)
	default:
		a["unsupported"] = "there is no such command"
	}
	return nil
}

func (d *driver) reset() {
	for _, consumer := range d.consumers {
		consumer.Close()
	}
	d.consumers = map[string]*weirlog.Consumer{}
	if d.client != nil {
		d.client.Close()
	}
}

func (d *driver) produce(ctx context.Context, c command, a answer) error {
	if c.TimeoutMillis > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(c.TimeoutMillis)*time.Millisecond)
		defer cancel()
		ctx = limited
	}
	options := weirlog.ProduceOptions{Partition: c.Partition, ExpectedOffset: c.ExpectedOffset}
	if c.Sequence != nil {
		options.Sequence = &weirlog.Sequence{ClientID: c.Sequence.ClientID, Base: c.Sequence.Base}
	}
	records := []*v1.Record{}
	for _, one := range c.Records {
		records = append(records, one.toWrite())
	}
	produced, err := d.client.Produce(ctx, c.Topic, records, options)
	if err != nil {
		return err
	}
	places := []answer{}
	for _, place := range produced.Places {
		places = append(places, answer{"partition": place.Partition, "offset": place.Offset})
	}
	a["records"], a["repeated"] = places, produced.Repeated
	return nil
}

func main() {
	driver := &driver{consumers: map[string]*weirlog.Consumer{}}
	commands, answers := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var next command
		if err := commands.Decode(&next); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		a := answer{"id": next.ID}
		if err := driver.run(next, a); err != nil {
			var refused *weirlog.Refused
			if !errors.As(err, &refused) {
				refused = &weirlog.Refused{Reason: "FAILED", Message: err.Error()}
			}
			said := answer{"reason": refused.Reason, "message": refused.Message}
			if refused.Outcome != "" {
				said["outcome"] = refused.Outcome
			}
			a["error"] = said
		}
		if err := answers.Encode(a); err != nil {
			return // Nobody reads them.
		}
	}
}
