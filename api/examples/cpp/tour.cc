// A tour of Weirlog: four small programs over the small client beside this file.
//
//     tour produce ADDRESS TOPIC < lines    writes each line to partition 0 and prints its offset
//     tour since ADDRESS TOPIC MILLIS       prints what was written to partition 0 at or after a time
//     tour group ADDRESS GROUP TOPIC        prints its share of a topic and commits it; start it twice, stop one
//     tour survive ADDRESS TOPIC COUNT      writes numbers and reads them back, whatever brokers do meanwhile
#include <iostream>

#include "small_client.h"

using namespace small;

static v1::Record record_of(const std::string& value) {
    v1::Record record;
    record.set_value(value);
    return record;
}

static void produce(Client& client, const std::string& topic) {
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << client.produce(topic, {record_of(line)}, {.partition = 0}).places[0].second << std::endl;
    }
}

static void since(Client& client, const std::string& topic, int64_t millis) {
    auto found = client.list_offset(topic, 0, at_time(millis));
    auto end = client.list_offset(topic, 0, latest()).value_or(0);
    for (auto offset = found.value_or(end); offset < end;) {
        auto [records, next] = client.fetch(topic, 0, offset, 100, 1000);
        for (auto& [_, record] : records) std::cout << record.offset() << '\t' << record.value() << std::endl;
        offset = next;
    }
}

static void group(Client& client, const std::string& name, const std::string& topic) {
    Consumer consumer(client, topic, earliest(), name);
    while (true) {
        auto came = consumer.next(100, 1000);
        for (int partition : came.assigned) std::cout << "assigned\t" << partition << std::endl;
        for (auto& [partition, record] : came.records) {
            std::cout << partition << '\t' << record.offset() << '\t' << record.value() << std::endl;
        }
        if (!came.records.empty()) consumer.commit();
        for (int partition : came.revoked) std::cout << "revoked\t" << partition << std::endl;
    }
}

static void survive(Client& client, const std::string& topic, size_t count) {
    Consumer consumer(client, topic, latest());
    while (consumer.next(1, 100).assigned.empty()) continue;  // What is written from now on is read.
    std::vector<std::string> read;
    auto take = [&](int millis) {
        for (auto& [_, record] : consumer.next(100, millis).records) read.push_back(record.value());
    };
    for (size_t number = 0; number < count; number++) {
        client.produce(topic, {record_of(std::to_string(number))}, {.partition = 0});
        take(0);
    }
    while (read.size() < count) take(1000);
    bool in_order = read.size() == count;
    for (size_t number = 0; number < count; number++) in_order &= read[number] == std::to_string(number);
    std::cout << count << " records written and read back"
              << (in_order ? " once and in order" : ", NOT once or NOT in order") << std::endl;
}

int main(int count, char** arguments) {
    std::vector<std::string> words(arguments + 1, arguments + count);
    try {
        if (words.size() == 3 && words[0] == "produce") {
            Client client({words[1]});
            produce(client, words[2]);
        } else if (words.size() == 4 && words[0] == "since") {
            Client client({words[1]});
            since(client, words[2], std::stoll(words[3]));
        } else if (words.size() == 4 && words[0] == "group") {
            Client client({words[1]});
            group(client, words[2], words[3]);
        } else if (words.size() == 4 && words[0] == "survive") {
            Client client({words[1]});
            survive(client, words[2], std::stoul(words[3]));
        } else {
            std::cerr << "usage: tour produce ADDRESS TOPIC | since ADDRESS TOPIC MILLIS | group ADDRESS GROUP TOPIC"
                         " | survive ADDRESS TOPIC COUNT\n";
            return 2;
        }
    } catch (const Refused& refused) {
        std::cerr << refused.reason << ": " << refused.message << "\n";
        return 1;
    }
}
