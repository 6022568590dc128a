// A driver for the conformance kit: its commands for the small client in api/examples/cpp. JSON is protobuf's own.
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <iostream>

#include "small_client.h"

using google::protobuf::Struct;
using google::protobuf::Value;
using namespace small;

// In the protocol each character is a byte; protobuf holds characters as UTF-8, which takes two for half of them.
static std::string to_bytes(const std::string& text) {
    std::string bytes;
    for (size_t i = 0; i < text.size(); i++) {
        auto lead = static_cast<unsigned char>(text[i]);
        bytes += lead < 0x80 ? text[i] : static_cast<char>((lead & 0x03) << 6 | (text[++i] & 0x3f));
    }
    return bytes;
}

static std::string to_text(const std::string& bytes) {
    std::string text;
    for (unsigned char byte : bytes) {
        if (byte < 0x80) {
            text += static_cast<char>(byte);
        } else {
            text += {static_cast<char>(0xc0 | byte >> 6), static_cast<char>(0x80 | (byte & 0x3f))};
        }
    }
    return text;
}

struct Json {
    const Value* value;

    explicit operator bool() const { return value != nullptr && !value->has_null_value(); }
    Json operator[](const std::string& name) const {
        auto& fields = value->struct_value().fields();
        auto found = fields.find(name);
        return {found == fields.end() ? nullptr : &found->second};
    }
    const std::string& text() const { return value->string_value(); }
    std::string text_or_empty() const { return *this ? text() : ""; }
    int64_t number() const { return static_cast<int64_t>(value->number_value()); }
    const google::protobuf::RepeatedPtrField<Value>& items() const { return value->list_value().values(); }
};

static Value& put(Value& object, const std::string& name) {
    return (*object.mutable_struct_value()->mutable_fields())[name];
}

static v1::StartPosition position(Json at) {
    if (at.value->has_string_value()) return at.text() == "earliest" ? earliest() : latest();
    return at["offset"] ? at_offset(at["offset"].number()) : at_time(at["timestamp_ms"].number());
}

static v1::Record to_record(Json given) {
    v1::Record record;
    if (given["key"]) record.set_key(to_bytes(given["key"].text()));
    if (given["value"]) record.set_value(to_bytes(given["value"].text()));
    if (given["timestamp_ms"]) stamp(*record.mutable_timestamp(), given["timestamp_ms"].number());
    if (given["headers"]) {
        for (auto& pair : given["headers"].items()) {
            auto& header = *record.add_headers();
            header.set_key(pair.list_value().values(0).string_value());
            Json value{&pair.list_value().values(1)};
            if (value) header.set_value(to_bytes(value.text()));
        }
    }
    return record;
}

static void set_bytes(Value& value, bool present, const std::string& bytes) {
    if (present) {
        value.set_string_value(to_text(bytes));
    } else {
        value.set_null_value(google::protobuf::NULL_VALUE);
    }
}

static void put_records(Value& answer, const std::vector<Place>& records) {
    auto& list = *put(answer, "records").mutable_list_value();
    for (auto& [partition, record] : records) {
        auto& one = *list.add_values();
        put(one, "partition").set_number_value(partition);
        put(one, "offset").set_number_value(record.offset());
        auto& time = record.timestamp();
        put(one, "timestamp_ms").set_number_value(time.seconds() * 1000 + time.nanos() / 1000000);
        set_bytes(put(one, "key"), record.has_key(), record.key());
        set_bytes(put(one, "value"), record.has_value(), record.value());
        auto& headers = *put(one, "headers").mutable_list_value();
        for (auto& header : record.headers()) {
            auto& pair = *headers.add_values()->mutable_list_value();
            pair.add_values()->set_string_value(header.key());
            set_bytes(*pair.add_values(), header.has_value(), header.value());
        }
    }
}

static void put_numbers(Value& answer, const std::string& name, const std::vector<int>& numbers) {
    auto& list = *put(answer, name).mutable_list_value();
    for (int number : numbers) list.add_values()->set_number_value(number);
}

static void produce(Client& client, Json command, Value& answer) {
    std::vector<v1::Record> records;
    for (auto& record : command["records"].items()) records.push_back(to_record({&record}));
    ProduceOptions options;
    if (command["partition"]) options.partition = command["partition"].number();
    if (command["timeout_ms"]) options.timeout_millis = command["timeout_ms"].number();
    if (command["expected_offset"]) options.expected_offset = command["expected_offset"].number();
    if (auto given = command["sequence"]) options.sequence = {given["client_id"].text(), given["base"].number()};
    auto produced = client.produce(command["topic"].text(), records, options);
    put(answer, "repeated").set_bool_value(produced.repeated);
    auto& list = *put(answer, "records").mutable_list_value();
    for (auto& [partition, offset] : produced.places) {
        auto& one = *list.add_values();
        put(one, "partition").set_number_value(partition);
        put(one, "offset").set_number_value(offset);
    }
}

int main() {
    std::unique_ptr<Client> client;
    std::map<std::string, std::unique_ptr<Consumer>> consumers;
    for (std::string line; std::getline(std::cin, line);) {
        Value root, answer;
        google::protobuf::util::JsonStringToMessage(line, &root);
        Json command{&root};
        auto& name = command["do"].text();
        auto topic = command["topic"].text_or_empty(), consumer = command["consumer"].text_or_empty();
        int partition = command["partition"] ? command["partition"].number() : 0;
        put(answer, "id").set_number_value(command["id"].number());
        try {
            if (name == "reset") {
                for (auto& [_, open] : consumers) open->close();
                consumers.clear();
            } else if (name == "connect") {
                std::vector<std::string> addresses;
                for (auto& address : command["addresses"].items()) addresses.push_back(address.string_value());
                auto direct = command["direct"];
                client = std::make_unique<Client>(addresses, direct && direct.value->bool_value());
            } else if (name == "create_topic") {
                client->create_topic(topic, command["partitions"].number());
            } else if (name == "produce") {
                produce(*client, command, answer);
            } else if (name == "fetch") {
                auto [records, next] = client->fetch(topic, partition, command["offset"].number(),
                                                     command["max_records"].number(), command["wait_ms"].number());
                put_records(answer, records);
                put(answer, "next_offset").set_number_value(next);
            } else if (name == "list_offset") {
                auto offset = client->list_offset(topic, partition, position(command["at"]));
                if (offset) put(answer, "offset").set_number_value(*offset);
            } else if (name == "consume_open") {
                consumers[consumer] = std::make_unique<Consumer>(*client, topic, position(command["from"]),
                                                                 command["group"].text_or_empty(),
                                                                 command["instance"].text_or_empty());
            } else if (name == "consume_next") {
                auto came = consumers.at(consumer)->next(command["max_records"].number(), command["wait_ms"].number());
                put_numbers(answer, "assigned", came.assigned);
                put_records(answer, came.records);
                put_numbers(answer, "revoked", came.revoked);
            } else if (name == "commit") {
                consumers.at(consumer)->commit();
            } else if (name == "seek") {
                consumers.at(consumer)->seek(partition, position(command["to"]));
            } else if (name == "close") {
                consumers.at(consumer)->close();
                consumers.erase(consumer);
            } else {
                put(answer, "unsupported").set_string_value("there is no such command");
            }
        } catch (const Refused& refused) {
            auto& error = put(answer, "error");
            put(error, "reason").set_string_value(refused.reason);
            put(error, "message").set_string_value(refused.message);
            if (!refused.outcome.empty()) put(error, "outcome").set_string_value(refused.outcome);
        }
        std::string text;
        google::protobuf::util::MessageToJsonString(answer, &text);
        std::cout << text << std::endl;
    }
}
