/* What the mock answers, in the shape of each kind of provider: as recorded of the real ones, line ends included. */
#ifndef BENCH_SHAPES_H
#define BENCH_SHAPES_H

#include <stddef.h>

/* `%s` stands for the text of a whole reply, `%015lld` for the time of an event's sending. */
typedef struct {
    const char *path; /* what the request line of its calls has, and no other's */
    const char *body, *type;
    const char *opens[3], *event, *closes[4];
    char whole[4096], opening[2048], closing[2048]; /* all of it, as it is sent */
    size_t whole_n, opening_n, closing_n;
} Shape;

#define CHAT_FIELDS                                                                                                   \
    "\"id\":\"chatcmpl-bench0000000000000000000001\",\"object\":\"chat.completion.chunk\",\"created\":1750000000,"     \
    "\"model\":\"bench-upstream\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\""
#define CHAT_USAGE                                                                                                    \
    "\"usage\":{\"prompt_tokens\":210,\"completion_tokens\":100,\"total_tokens\":310,"                                 \
    "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"                                              \
    "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,"       \
    "\"rejected_prediction_tokens\":0}}"
#define CHAT_CHUNK(delta, finish)                                                                                     \
    "data: {" CHAT_FIELDS ",\"choices\":[{\"index\":0,\"delta\":{" delta "},\"logprobs\":null,\"finish_reason\":"      \
    finish "}],\"usage\":null}\n\n"

#define MESSAGE_FIELDS(content, stop)                                                                                 \
    "\"id\":\"msg_bench0000000000000000001\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"bench-upstream\"," \
    "\"content\":[" content "],\"stop_reason\":" stop ",\"stop_sequence\":null,\"stop_details\":null"
#define MESSAGE_USAGE(output)                                                                                         \
    "\"usage\":{\"input_tokens\":210,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,"                 \
    "\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,\"ephemeral_1h_input_tokens\":0},\"output_tokens\":" output   \
    ",\"service_tier\":\"standard\",\"inference_geo\":\"global\"}"
#define MESSAGE_EVENT(type, fields) "event: " type "\ndata: {\"type\":\"" type "\"" fields "}\n\n"

#define GEMINI_REPLY(text, finish)                                                                                    \
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"" text "\"}],\"role\":\"model\"}," finish "\"index\":0}],"   \
    "\"usageMetadata\":{\"promptTokenCount\":210,\"candidatesTokenCount\":100,\"totalTokenCount\":310,"                \
    "\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":210}],\"serviceTier\":\"standard\"},"              \
    "\"modelVersion\":\"bench-upstream\",\"responseId\":\"bench000000000000000001\"}"
#define GEMINI_EVENT(text, finish) "data: " GEMINI_REPLY(text, finish) "\r\n\r\n"

/* The first one answers whatever is not for another. */
static Shape shapes[] = {
    {
        .path = "/chat/completions",
        .body = "{\"id\":\"chatcmpl-bench0000000000000000000001\",\"object\":\"chat.completion\","
                "\"created\":1750000000,\"model\":\"bench-upstream\",\"choices\":[{\"index\":0,\"message\":"
                "{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null,\"annotations\":[]},"
                "\"logprobs\":null,\"finish_reason\":\"stop\"}]," CHAT_USAGE
                ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_bench\"}",
        .type = "text/event-stream; charset=utf-8",
        .opens = {CHAT_CHUNK("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null", "null")},
        .event = CHAT_CHUNK("\"content\":\" t=%015lld;\"", "null"),
        .closes = {CHAT_CHUNK("", "\"stop\""), "data: {" CHAT_FIELDS ",\"choices\":[]," CHAT_USAGE "}\n\n",
                   "data: [DONE]\n\n"},
    },
    {
        .path = "/messages",
        .body = "{" MESSAGE_FIELDS("{\"type\":\"text\",\"text\":\"%s\"}", "\"end_turn\"") "," MESSAGE_USAGE("100") "}",
        .type = "text/event-stream; charset=utf-8",
        .opens = {MESSAGE_EVENT("message_start", ",\"message\":{" MESSAGE_FIELDS("", "null") "," MESSAGE_USAGE("1") "}"),
                  MESSAGE_EVENT("content_block_start",
                                ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}"),
                  MESSAGE_EVENT("ping", "")},
        .event = MESSAGE_EVENT("content_block_delta",
                               ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" t=%015lld;\"}"),
        .closes = {MESSAGE_EVENT("content_block_stop", ",\"index\":0"),
                   MESSAGE_EVENT("message_delta",
                                 ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}," MESSAGE_USAGE("100")),
                   MESSAGE_EVENT("message_stop", "")},
    },
    {
        .path = "enerateContent",
        .body = GEMINI_REPLY("%s", "\"finishReason\":\"STOP\","),
        .type = "text/event-stream",
        .event = GEMINI_EVENT(" t=%015lld;", ""),
        .closes = {GEMINI_EVENT("", "\"finishReason\":\"STOP\",")},
    },
};

#define SHAPES (sizeof shapes / sizeof *shapes)

#endif
