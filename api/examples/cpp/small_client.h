// A small Weirlog client over the contract in proto/: writes with retries that double nothing, reads, and consumes,
// also as a member of a group. Any number of brokers may come and go; one address is enough to begin with.
//
//     Client client({"127.0.0.1:7171"});
//     client.produce("orders", {record}, {.partition = 0});
//     Consumer consumer(client, "orders", earliest(), "readers");
//     for (auto& [partition, record] : consumer.next(100, 1000).records) ...
#pragma once
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "status.pb.h"
#include "weirlog/v1/admin.grpc.pb.h"
#include "weirlog/v1/cluster.grpc.pb.h"
#include "weirlog/v1/consumer.grpc.pb.h"
#include "weirlog/v1/producer.grpc.pb.h"

namespace small {
namespace v1 = weirlog::v1;
using Clock = std::chrono::steady_clock;
using Millis = std::chrono::milliseconds;

constexpr int ATTEMPT_MILLIS = 5000;
constexpr int CREDIT_RECORDS = 1000;
constexpr int MESSAGE_BYTES = 64 << 20;

struct Refused {
    std::string reason, message, outcome, leader;
    bool again = false;  // It may go better the next time.
};

inline std::string after(const std::string& prefix, const std::string& name) {
    return name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
}

inline std::string find(const google::protobuf::Map<std::string, std::string>& map, const std::string& key) {
    auto found = map.find(key);
    return found == map.end() ? "" : found->second;
}

// What a failed call says of itself; without a word of a broker, the connection failed.
inline Refused explain(const grpc::Status& status) {
    auto code = status.error_code();
    Refused refused{"CODE_" + std::to_string(code), status.error_message(), "", "",
                    code == grpc::UNAVAILABLE || code == grpc::DEADLINE_EXCEEDED || code == grpc::ABORTED};
    if (code == grpc::DEADLINE_EXCEEDED) refused.reason = "DEADLINE_EXCEEDED";
    weirlog::examples::Status all;
    weirlog::examples::ErrorInfo info;
    all.ParseFromString(status.error_details());
    for (auto& detail : all.details()) {
        if (detail.type_url() == "type.googleapis.com/google.rpc.ErrorInfo" && info.ParseFromString(detail.value())) {
            refused.reason = info.reason();
            refused.outcome = find(info.metadata(), "outcome");
            refused.leader = find(info.metadata(), "leader_address");
            refused.again |= refused.reason == "NOT_LEADER";
        }
    }
    return refused;
}

inline Refused explain(const v1::Problem& problem) {
    auto reason = after("ERROR_REASON_", v1::ErrorReason_Name(problem.reason()));
    return {reason, problem.message(), "", find(problem.metadata(), "leader_address"),
            problem.has_retry_delay() || reason == "NOT_LEADER"};
}

inline void stamp(google::protobuf::Timestamp& time, int64_t millis) {
    time.set_seconds(millis / 1000);
    time.set_nanos(millis % 1000 * 1000000);
}

inline void wait(google::protobuf::Duration& duration, int64_t millis) {
    duration.set_seconds(millis / 1000);
    duration.set_nanos(millis % 1000 * 1000000);
}

inline v1::StartPosition earliest() {
    v1::StartPosition position;
    position.mutable_earliest();
    return position;
}

inline v1::StartPosition latest() {
    v1::StartPosition position;
    position.mutable_latest();
    return position;
}

inline v1::StartPosition at_offset(int64_t offset) {
    v1::StartPosition position;
    position.set_offset(offset);
    return position;
}

inline v1::StartPosition at_time(int64_t millis) {
    v1::StartPosition position;
    stamp(*position.mutable_timestamp(), millis);
    return position;
}

inline std::string new_name() {
    std::random_device random;
    return std::to_string(random()) + "-" + std::to_string(random()) + "-" + std::to_string(random());
}

struct ProduceOptions {
    std::optional<int> partition;
    int timeout_millis = 30000;
    std::optional<std::pair<std::string, int>> sequence;  // Name and first number, instead of the client's own.
    std::optional<int64_t> expected_offset;
};

struct Produced {
    std::vector<std::pair<int, int64_t>> places;  // Partition and offset of each record.
    bool repeated = false;
};

using Place = std::pair<int, v1::ConsumedRecord>;  // A record and its partition.

// Asks one broker after another until one answers; goes to leaders if it is told to.
class Client {
  public:
    explicit Client(std::vector<std::string> addresses, bool direct = false)
        : addresses_(addresses.begin(), addresses.end()),
          routing_(direct ? v1::ROUTING_LEADER_ONLY : v1::ROUTING_ANY),
          name_(new_name()) {}

    std::shared_ptr<grpc::Channel> channel() {
        auto& channel = channels_[addresses_.front()];
        if (!channel) {
            grpc::ChannelArguments arguments;
            arguments.SetMaxReceiveMessageSize(MESSAGE_BYTES);
            arguments.SetMaxSendMessageSize(MESSAGE_BYTES);
            arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10000);
            arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5000);
            channel = grpc::CreateCustomChannel(addresses_.front(), grpc::InsecureChannelCredentials(), arguments);
        }
        return channel;
    }

    // The leader that was named, or the next one that is known.
    void next_broker(const std::string& leader = "") {
        if (!leader.empty()) {
            addresses_.push_front(leader);
        } else {
            addresses_.push_back(addresses_.front());
            addresses_.pop_front();
        }
        std::this_thread::sleep_for(Millis(20));
    }

    void learn() {
        v1::DescribeClusterResponse found;
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + Millis(ATTEMPT_MILLIS));
        v1::ClusterService::NewStub(channel())->DescribeCluster(&context, {}, &found);
        for (auto& broker : found.brokers()) {
            if (std::find(addresses_.begin(), addresses_.end(), broker.address()) == addresses_.end()) {
                addresses_.push_back(broker.address());
            }
        }
    }

    Produced produce(const std::string& topic, const std::vector<v1::Record>& records,
                     const ProduceOptions& options = {}) {
        v1::AppendRequest request;
        request.set_topic(topic);
        request.set_acks(v1::ACKS_ALL);
        request.set_routing(routing_);
        if (options.partition) request.set_partition(*options.partition);
        if (options.expected_offset) request.set_expected_base_offset(*options.expected_offset);
        for (auto& record : records) *request.mutable_records()->add_records() = record;
        auto sequence = options.sequence;
        bool own = !sequence && options.partition && !options.expected_offset;
        auto key = std::make_pair(topic, options.partition.value_or(-1));
        if (own) sequence = {name_, sequences_[key]};
        if (sequence) {
            request.mutable_producer()->set_client_id(sequence->first);
            request.mutable_producer()->set_base_sequence(sequence->second);
        }
        v1::AppendResponse response;
        try {
            call(options.timeout_millis, !sequence, [&](grpc::ClientContext& context, int millis) {
                wait(*request.mutable_timeout(), millis);
                check(v1::ProducerService::NewStub(channel())->Append(&context, request, &response));
                for (auto& result : response.results()) {
                    if (result.has_failure()) {
                        auto refused = explain(result.failure().problem());
                        refused.outcome = after("APPEND_OUTCOME_", v1::AppendOutcome_Name(result.failure().outcome()));
                        throw refused;
                    }
                }
            });
        } catch (Refused& refused) {
            if (own && refused.outcome != "NOT_APPENDED") {  // What comes next must not be taken for a repetition.
                name_ = new_name();
                sequences_.clear();
            }
            throw;
        }
        if (own) sequences_[key] += static_cast<int>(records.size());
        Produced produced;
        produced.places.resize(records.size());
        for (auto& result : response.results()) {
            for (int at = 0; at < result.appended().record_count(); at++) {
                int index = result.record_indexes().empty() ? at : result.record_indexes(at);
                produced.places.at(index) = {result.partition(), result.appended().base_offset() + at};
            }
            produced.repeated |= result.appended().repeated();
        }
        return produced;
    }

    // The records and where to read on.
    std::pair<std::vector<Place>, int64_t> fetch(const std::string& topic, int partition, int64_t offset, int max,
                                                 int millis) {
        v1::FetchRequest request;
        request.set_min_bytes(1);
        request.set_routing(routing_);
        wait(*request.mutable_max_wait(), millis);
        auto& wanted = *request.add_partitions();
        wanted.set_topic(topic);
        wanted.set_partition(partition);
        wanted.set_offset(offset);
        v1::FetchResponse response;
        call(10000 + millis, false, [&](grpc::ClientContext& context, int) {
            check(v1::ConsumerService::NewStub(channel())->Fetch(&context, request, &response));
            if (response.partitions(0).has_problem()) throw explain(response.partitions(0).problem());
        });
        auto& read = response.partitions(0);
        std::vector<Place> records;
        for (auto& record : read.records().records()) {
            if (static_cast<int>(records.size()) < max) records.emplace_back(partition, record);
        }
        return {records, records.empty() ? read.next_offset() : records.back().second.offset() + 1};
    }

    std::optional<int64_t> list_offset(const std::string& topic, int partition, const v1::StartPosition& position) {
        v1::ListOffsetsRequest request;
        request.set_routing(routing_);
        auto& wanted = *request.add_partitions();
        wanted.set_topic(topic);
        wanted.set_partition(partition);
        *wanted.mutable_position() = position;
        v1::ListOffsetsResponse response;
        call(10000, false, [&](grpc::ClientContext& context, int) {
            check(v1::ConsumerService::NewStub(channel())->ListOffsets(&context, request, &response));
            if (response.offsets(0).has_problem()) throw explain(response.offsets(0).problem());
        });
        return response.offsets(0).has_offset() ? std::optional(response.offsets(0).offset()) : std::nullopt;
    }

    void create_topic(const std::string& topic, int partitions) {
        v1::CreateTopicRequest request;
        request.set_name(topic);
        request.set_partitions(partitions);
        request.set_request_id((new_name() + "0123456789abcdef").substr(0, 16));
        v1::CreateTopicResponse response;
        call(10000, false, [&](grpc::ClientContext& context, int) {
            check(v1::AdminService::NewStub(channel())->CreateTopic(&context, request, &response));
        });
    }

  private:
    static void check(const grpc::Status& status) {
        if (!status.ok()) throw explain(status);
    }

    // Runs the attempt, which may be refused, again and again as long as that can help.
    template <typename Attempt>
    void call(int millis, bool certain_only, Attempt attempt) {
        auto until = Clock::now() + Millis(millis);
        for (bool uncertain = false;;) {
            try {
                int left = std::chrono::duration_cast<Millis>(until - Clock::now()).count();
                // What cannot be repeated has all the time.
                int most = certain_only ? millis : std::max(ATTEMPT_MILLIS, millis - 10000);
                int own = std::max(10, std::min(left, most));
                grpc::ClientContext context;
                context.set_deadline(std::chrono::system_clock::now() + Millis(own));
                return attempt(context, own);
            } catch (Refused& refused) {
                uncertain |= refused.outcome != "NOT_APPENDED";
                bool late = Clock::now() > until - Millis(50);
                if (late || !refused.again || (certain_only && uncertain)) {
                    if (uncertain && (refused.again || late)) refused.outcome = "UNKNOWN";
                    throw;
                }
                next_broker(refused.leader);
            }
        }
    }

    std::deque<std::string> addresses_;
    std::map<std::string, std::shared_ptr<grpc::Channel>> channels_;
    v1::Routing routing_;
    std::string name_;
    std::map<std::pair<std::string, int>, int> sequences_;  // The next one of each partition.
};

// The next records, with the partitions that were assigned before them and revoked after.
struct Next {
    std::vector<int> assigned;
    std::vector<Place> records;
    std::vector<int> revoked;
};

// One stream after another, each opened where the one before ended.
class Consumer {
  public:
    Consumer(Client& client, std::string topic, v1::StartPosition start, std::string group = "",
             std::string instance = "")
        : client_(client),
          topic_(std::move(topic)),
          start_(std::move(start)),
          group_(std::move(group)),
          instance_(std::move(instance)) {
        open();
    }

    ~Consumer() { end(false); }

    // To ask for more says that all before is done with: only then is a revocation acknowledged.
    Next next(int max, int millis) {
        Next answer;
        auto until = Clock::now() + Millis(millis);
        while (static_cast<int>(answer.records.size()) < max && answer.revoked.empty()) {
            if (!ready_.empty()) {
                auto& [assignment, record] = ready_.front();
                int partition = owned_[assignment];
                given_[assignment] = record.offset() + 1;
                if (group_.empty()) positions_[partition] = record.offset() + 1;
                answer.records.emplace_back(partition, std::move(record));
                ready_.pop_front();
                continue;
            }
            auto message = take(answer.records.empty() ? until : Clock::now());
            if (!message) break;
            auto& response = message->response;
            if (!answer.records.empty() && (message->end || response.has_revoking() || response.has_problem())) {
                later_.push_front(*message);  // Who has these records is to do with them what there is to do first.
                break;
            }
            handle(*message, answer);
        }
        return answer;
    }

    // All that was given. Returns when it is stored.
    void commit() {
        v1::ConsumeRequest request;
        request.mutable_commit()->set_commit_id(++commit_id_);
        for (auto& [assignment, offset] : given_) {
            auto& position = *request.mutable_commit()->add_positions();
            position.set_assignment(assignment);
            position.set_next_offset(offset);
        }
        stream_->Write(request);
        std::deque<Message> others;
        std::optional<Refused> failure;
        for (auto until = Clock::now() + Millis(10000);;) {
            auto message = take(until);
            if (!message) {
                failure = Refused{"TIMED_OUT", "no answer to the commit", "", "", false};
                break;
            }
            auto& committed = message->response.committed();
            if (!message->end && committed.commit_id() == commit_id_) {
                if (committed.has_problem()) failure = explain(committed.problem());
                break;
            }
            others.push_back(*message);
            if ((failure = message->end)) break;
        }
        later_.insert(later_.begin(), others.begin(), others.end());
        if (failure) throw *failure;
    }

    void seek(int partition, const v1::StartPosition& position) {
        for (auto& [assignment, its] : owned_) {
            if (its != partition) continue;
            v1::ConsumeRequest request;
            request.mutable_seek()->set_seek_id(++seek_id_);
            request.mutable_seek()->set_assignment(assignment);
            *request.mutable_seek()->mutable_position() = position;
            seeks_[assignment] = seek_id_;
            drop_ready(assignment);
            stream_->Write(request);
        }
    }

    // Returns once the broker has heard of it.
    void close() { end(true); }

  private:
    struct Message {
        v1::ConsumeResponse response;
        std::optional<Refused> end;
    };

    // What the thread that reads a stream hands over.
    struct Inbox {
        std::mutex mutex;
        std::condition_variable arrived;
        std::deque<Message> messages;

        void put(Message message) {
            std::lock_guard lock(mutex);
            messages.push_back(std::move(message));
            arrived.notify_one();
        }
    };

    void open() {
        end(false);
        client_.learn();
        inbox_ = std::make_shared<Inbox>();
        later_.clear(), ready_.clear(), owned_.clear(), seeks_.clear(), given_.clear();
        v1::ConsumeRequest request;
        auto& initial = *request.mutable_initial();
        *initial.mutable_start() = start_;
        initial.mutable_credit()->set_records(CREDIT_RECORDS);
        initial.mutable_credit()->set_bytes(16 << 20);
        if (!group_.empty()) {
            initial.mutable_group()->set_group_id(group_);
            initial.mutable_group()->set_instance_id(instance_);
            initial.mutable_group()->add_topics(topic_);
        } else if (positions_.empty()) {
            initial.mutable_partitions()->add_partitions()->set_topic(topic_);
        }
        for (auto& [partition, offset] : positions_) {
            auto& wanted = *initial.mutable_partitions()->add_partitions();
            wanted.set_topic(topic_);
            wanted.set_partition(partition);
            *wanted.mutable_start() = at_offset(offset);
        }
        context_ = std::make_unique<grpc::ClientContext>();
        stub_ = v1::ConsumerService::NewStub(client_.channel());
        stream_ = stub_->Consume(context_.get());
        stream_->Write(request);
        reader_ = std::thread([this, inbox = inbox_] {
            Message message;
            while (stream_->Read(&message.response)) inbox->put(message);
            auto status = stream_->Finish();
            message.end = Refused{"END", "the broker has ended the stream", "", "", true};
            if (!status.ok()) message.end = explain(status);
            inbox->put(message);
        });
    }

    void end(bool properly) {
        if (!reader_.joinable()) return;
        if (properly) {
            stream_->WritesDone();
            for (auto until = Clock::now() + Millis(10000);;) {
                auto message = take(until);
                if (!message || message->end) break;
            }
        }
        context_->TryCancel();
        reader_.join();
    }

    std::optional<Message> take(Clock::time_point until) {
        Message message;
        if (!later_.empty()) {
            message = std::move(later_.front());
            later_.pop_front();
            return message;
        }
        std::unique_lock lock(inbox_->mutex);
        if (!inbox_->arrived.wait_until(lock, until, [this] { return !inbox_->messages.empty(); })) return {};
        message = std::move(inbox_->messages.front());
        inbox_->messages.pop_front();
        return message;
    }

    void handle(const Message& message, Next& answer) {
        auto& response = message.response;
        if (message.end) {
            if (!message.end->again || message.end->reason == "FENCED_MEMBER") {
                later_.push_front(message);  // It is so for good.
                throw *message.end;
            }
            client_.next_broker();
            open();
        } else if (response.has_assigned()) {
            for (auto& one : response.assigned().partitions()) {
                owned_[one.assignment()] = one.partition();
                if (group_.empty()) positions_.emplace(one.partition(), one.start_offset());
                answer.assigned.push_back(one.partition());
            }
        } else if (response.has_batch()) {
            auto& batch = response.batch();
            v1::ConsumeRequest credit;
            credit.mutable_credit()->set_records(batch.record_count());
            credit.mutable_credit()->set_bytes(batch.records().ByteSizeLong());
            stream_->Write(credit);
            if (owned_.count(batch.assignment()) && batch.seek_id() >= seeks_[batch.assignment()]) {
                for (auto& record : batch.records().records()) ready_.emplace_back(batch.assignment(), record);
            }
        } else if (response.has_revoking()) {
            v1::ConsumeRequest revoked;
            for (auto assignment : response.revoking().assignments()) {
                revoked.mutable_revoked()->add_assignments(assignment);
                if (owned_.count(assignment)) answer.revoked.push_back(owned_[assignment]);
                owned_.erase(assignment);
                given_.erase(assignment);
                drop_ready(assignment);
            }
            stream_->Write(revoked);
        } else if (response.has_problem()) {
            throw explain(response.problem().problem());
        }
    }

    void drop_ready(uint32_t assignment) {
        ready_.erase(std::remove_if(ready_.begin(), ready_.end(), [&](auto& one) { return one.first == assignment; }),
                     ready_.end());
    }

    Client& client_;
    std::string topic_;
    v1::StartPosition start_;
    std::string group_, instance_;
    std::map<int, int64_t> positions_;  // The next offset of each partition, without a group.
    std::map<uint32_t, int> owned_;     // Partition by assignment.
    std::map<uint32_t, uint64_t> seeks_;
    std::map<uint32_t, int64_t> given_;  // The next offset by assignment.
    std::deque<std::pair<uint32_t, v1::ConsumedRecord>> ready_;
    std::deque<Message> later_;
    std::shared_ptr<Inbox> inbox_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<v1::ConsumerService::Stub> stub_;
    std::unique_ptr<grpc::ClientReaderWriter<v1::ConsumeRequest, v1::ConsumeResponse>> stream_;
    std::thread reader_;
    uint64_t commit_id_ = 0, seek_id_ = 0;
};
}  // namespace small
