// A tour of Weirlog: four small programs over the small client beside this file.
//
//	tour produce ADDRESS TOPIC < lines    writes each line to partition 0 and prints its offset
//	tour since ADDRESS TOPIC MILLIS       prints what was written to partition 0 at or after a time
//	tour group ADDRESS GROUP TOPIC        prints its share of a topic and commits it; start it twice, stop one
//	tour survive ADDRESS TOPIC COUNT      writes numbers and reads them back, whatever brokers do meanwhile
package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	v1 "weirlog.example/go/target/v1"
	"weirlog.example/go/weirlog"
)

func write(ctx context.Context, client *weirlog.Client, topic string, value []byte) (int64, error) {
	one := []*v1.Record{{Value: value}}
	produced, err := client.Produce(ctx, topic, one, weirlog.ProduceOptions{Partition: proto.Int32(0)})
	if err != nil {
		return 0, err
	}
	return produced.Places[0].Offset, nil
}

func produce(ctx context.Context, client *weirlog.Client, topic string) error {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, end := lines.ReadBytes('\n')
		if end != nil && len(line) == 0 {
			if end == io.EOF {
				return nil
			}
			return end
		}
		offset, err := write(ctx, client, topic, bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return err
		}
		fmt.Println(offset)
	}
}

func since(ctx context.Context, client *weirlog.Client, topic string, from time.Time) error {
	offset, found, err := client.ListOffset(ctx, topic, 0, weirlog.AtTime(from))
	if err != nil || !found {
		return err
	}
	end, _, err := client.ListOffset(ctx, topic, 0, weirlog.Latest())
	if err != nil {
		return err
	}
	for offset < end {
		records, next, err := client.Fetch(ctx, topic, 0, offset, 100, time.Second)
		if err != nil {
			return err
		}
		for _, record := range records {
			fmt.Printf("%d\t%s\n", record.GetOffset(), record.GetValue())
		}
		offset = next
	}
	return nil
}

// group ends when it is told to, and then its partitions go to others at once.
func group(ctx context.Context, client *weirlog.Client, name, topic string) error {
	consumer := client.Consume(topic, weirlog.Earliest(), weirlog.ConsumeOptions{Group: name})
	defer consumer.Close()
	for ctx.Err() == nil {
		polled, err := consumer.Poll(100, time.Second)
		for _, partition := range polled.Assigned {
			fmt.Printf("assigned\t%d\n", partition)
		}
		for _, record := range polled.Records {
			fmt.Printf("%d\t%d\t%s\n", record.Partition, record.GetOffset(), record.GetValue())
		}
		if err == nil && len(polled.Records) > 0 {
			err = consumer.Commit()
		}
		for _, partition := range polled.Revoked {
			fmt.Printf("revoked\t%d\n", partition)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func survive(ctx context.Context, client *weirlog.Client, topic string, count int) error {
	consumer := client.Consume(topic, weirlog.Latest(), weirlog.ConsumeOptions{})
	defer consumer.Close()
	var read []weirlog.Record
	take := func(wait time.Duration) (weirlog.Polled, error) {
		polled, err := consumer.Poll(100, wait)
		read = append(read, polled.Records...)
		return polled, err
	}
	for assigned := 0; assigned == 0; { // What is written from now on is read.
		polled, err := take(100 * time.Millisecond)
		if err != nil {
			return err
		}
		assigned = len(polled.Assigned)
	}
	for number := 0; number < count; number++ {
		if _, err := write(ctx, client, topic, []byte(strconv.Itoa(number))); err != nil {
			return err
		}
		if _, err := take(0); err != nil {
			return err
		}
	}
	for len(read) < count {
		if _, err := take(time.Second); err != nil {
			return err
		}
	}
	said := " once and in order"
	for number, record := range read {
		if string(record.GetValue()) != strconv.Itoa(number) || len(read) > count {
			said = ", NOT once or NOT in order"
		}
	}
	fmt.Printf("%d records written and read back%s\n", count, said)
	return nil
}

// run tells with `known` whether it was called as it should be.
func run(ctx context.Context, arguments []string) (known bool, _ error) {
	if len(arguments) < 3 {
		return false, nil
	}
	client := weirlog.NewClient(strings.Split(arguments[1], ",")...)
	defer client.Close()
	program, rest := arguments[0], arguments[2:]
	var number int64
	if program == "since" || program == "survive" {
		var err error
		if number, err = strconv.ParseInt(rest[len(rest)-1], 10, 64); err != nil {
			return false, nil
		}
	}
	switch {
	case program == "produce" && len(rest) == 1:
		return true, produce(ctx, client, rest[0])
	case program == "since" && len(rest) == 2:
		return true, since(ctx, client, rest[0], time.UnixMilli(number))
	case program == "group" && len(rest) == 2:
		return true, group(ctx, client, rest[0], rest[1])
	case program == "survive" && len(rest) == 2:
		return true, survive(ctx, client, rest[0], int(number))
	}
	return false, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	known, err := run(ctx, os.Args[1:])
	if !known {
		fmt.Fprintln(os.Stderr, "usage: tour produce ADDRESS TOPIC | since ADDRESS TOPIC MILLIS |"+
			" group ADDRESS GROUP TOPIC | survive ADDRESS TOPIC COUNT")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
