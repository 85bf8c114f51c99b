"""Invoices worked out by hand: units times dollars for a million (an hour of `s`econds, one of `each`)."""

from decimal import Decimal
from typing import NamedTuple


class Item(NamedTuple):
    units: int
    dollars: str
    per: str = "million"

    @property
    def nano(self) -> Decimal:
        per = {"million": 1_000_000, "hour": 3600, "each": 1}[self.per]
        return (Decimal(self.dollars) * self.units / per * 10**9).quantize(Decimal(1))


class Golden(NamedTuple):
    """What the recorded exchange comes to, and of what. One without items is what the provider says it charged."""

    id: str
    nano: int
    items: tuple[Item, ...] = ()


GOLDEN = (
    # Anthropic: plain; its input stands beside what was cached.
    Golden("anthropic/agent/completion_smoke.yaml#0", 1_236_000, (Item(37, "3"), Item(75, "15"))),
    # Written for 5 minutes and read: 3,000 + 1,550,700 + 378,750 + 1,065,000.
    Golden(
        "anthropic/prompt_caching/conformance_agent_loop.yaml#1",
        2_997_450,
        (Item(1, "3"), Item(5169, "0.30"), Item(101, "3.75"), Item(71, "15")),
    ),
    # Written for both times, and thoughts, which are part of the 13: 30,000 + 251,250 + 9,618,000 + 195,000.
    Golden(
        "anthropic/messages_thinking/static_prefix_ttl_coexists_with_extended_thinking.yaml#0",
        10_094_250,
        (Item(10, "3"), Item(67, "3.75"), Item(1603, "6"), Item(6, "15"), Item(7, "15")),
    ),
    # Streams say how long it is kept in their first event, how much was made in their last.
    Golden(
        "anthropic/prompt_caching/matrix_automatic_prefix_1h_tools_streaming.yaml#0",
        57_549_750,
        (Item(3, "3"), Item(337, "3.75"), Item(9362, "6"), Item(7, "15")),
    ),
    Golden(
        "anthropic/prompt_caching/matrix_automatic_1h_prefix_1h_tools_streaming.yaml#0",
        58_344_000,
        (Item(3, "3"), Item(9705, "6"), Item(7, "15")),
    ),
    # A search of the web: 61,145,000 + 2,150,000 + 10,000,000.
    Golden(
        "anthropic/opus_4_8/messages_preserve_system_role_after_server_tool_result.yaml#0",
        73_295_000,
        (Item(12229, "5"), Item(86, "25"), Item(1, "0.01", "each")),
    ),
    # Bedrock: its input stands beside the cached too. 405 + 11,520.
    Golden("bedrock/agent/prompt_caching_completion_smoke.yaml#0", 11_925, (Item(27, "0.015"), Item(48, "0.24"))),
    Golden("bedrock/raw_streaming/raw_stream_text_response_smoke.yaml#0", 2_820, (Item(27, "0.06"), Item(5, "0.24"))),
    Golden(
        "bedrock/model_ids/cross_region_profile_id_completes.yaml#0", 784_350, (Item(13, "1.35"), Item(142, "5.40"))
    ),
    # Cohere: 11 and 3 are billed, 506 and 4 were run.
    Golden("cohere/agent/max_tokens_sets_max_tokens_finish_reason.yaml#0", 57_500, (Item(11, "2.50"), Item(3, "10"))),
    Golden(
        "cohere/raw_stream_capture_matrix/raw_exposes_terminal_only_fields.yaml#0",
        47_500,
        (Item(11, "2.50"), Item(2, "10")),
    ),
    Golden("cohere/embedding_matrix/normalized_response_is_complete.yaml#0", 3_720, (Item(31, "0.12"),)),
    # DeepSeek: 384 of 433 were cached, 37 of 115 are thoughts. 7,350 + 1,152 + 46,800 + 22,200.
    Golden(
        "deepseek/extractor_usage/extract_backward_compatibility.yaml#0",
        77_502,
        (Item(49, "0.15"), Item(384, "0.003"), Item(78, "0.60"), Item(37, "0.60")),
    ),
    # Gemini: thoughts stand beside the answer. 49,800 + 45,000 + 92,500.
    Golden(
        "gemini/agent_run_recovery/repair_renames_tool_call_and_executes_it.yaml#0",
        187_300,
        (Item(166, "0.30"), Item(18, "2.50"), Item(37, "2.50")),
    ),
    Golden(
        "gemini/agent_run_streamed/builtin_streaming_cancellation_history_includes_assistant_turn.yaml#0",
        202_700,
        (Item(109, "0.30"), Item(20, "2.50"), Item(48, "2.50")),
    ),
    # Cached is part of the prompt, what a tool read stands beside it: 1107 - 1081 + 1171 = 1197 are plain.
    Golden(
        "gemini/cached_content_matrix/edge_cached_code_execution.yaml#1",
        546_530,
        (Item(1197, "0.30"), Item(1081, "0.03"), Item(21, "2.50"), Item(41, "2.50")),
    ),
    Golden(
        "gemini/prompt_caching/blocking_probe.yaml#0",
        374_550,
        (Item(847, "0.30"), Item(3765, "0.03"), Item(3, "2.50")),
    ),
    Golden(
        "groq/agent_tool_sessions/low_latency_streaming_text_surfaces_final_usage.yaml#0",
        53_350,
        (Item(69, "0.59"), Item(16, "0.79")),
    ),
    Golden(
        "groq/agent_tool_sessions/json_schema_structured_output_roundtrip.yaml#0",
        49_500,
        (Item(260, "0.075"), Item(30, "0.30"), Item(70, "0.30")),
    ),
    Golden(
        "mistral/agent_tool_sessions/json_object_response_format_roundtrip.yaml#0",
        22_620,
        (Item(26, "0.15"), Item(8, "0.015"), Item(31, "0.60")),
    ),
    # Mistral's sound is sold by time: 200 + 90 + 6,000 + 333,333 (and a third).
    Golden(
        "mistral/multimodal_content/streaming_agent_sends_audio.yaml#0",
        339_623,
        (Item(2, "0.10"), Item(9, "0.01"), Item(15, "0.40"), Item(5, "0.24", "hour")),
    ),
    # OpenAI: cached is part of the prompt. 17,550 + 336,000 + 2,400.
    Golden(
        "openai/prompt_caching/chat_completions_blocking_probe.yaml#1",
        355_950,
        (Item(117, "0.15"), Item(4480, "0.075"), Item(4, "0.60")),
    ),
    Golden(
        "openai/max_completion_tokens_matrix/caller_legacy_spelling_is_upgraded.yaml#0",
        30_250,
        (Item(13, "0.05"), Item(10, "0.40"), Item(64, "0.40")),
    ),
    Golden(
        "openai/gpt_5_6_reasoning/five_turn_streaming_metadata_roundtrip.yaml#0",
        2_315_600,
        (Item(269, "4"), Item(1299, "0.40"), Item(36, "20")),
    ),
    Golden("openai/embedding_matrix/dimensions_request.yaml#0", 620, (Item(31, "0.02"),)),
    # OpenRouter says what it charged: 3.75e-05 dollars; with sound, 0.0001925; in another dialect, 0.000112.
    Golden("openrouter/agent/completion_smoke.yaml#0", 37_500),
    Golden("openrouter/multimodal/audio_analysis_prompt.yaml#0", 192_500),
    Golden("openrouter/embedding_matrix/normalized_response_is_complete.yaml#0", 620),
    Golden("anthropic/streaming/gateway_message_delta_metadata.yaml#0", 112_000),
    # Perplexity too, its fee for the request (0.005) within: 0.00512, and 0.00937 streamed.
    Golden("perplexity/agent/completion_smoke.yaml#0", 5_120_000),
    Golden("perplexity/prompt_caching/streaming_probe.yaml#0", 9_370_000),
    # xAI counts in ticks, ten to a nano-dollar: 6,881,000 and 7,715,000.
    Golden("xai/agent/completion_smoke.yaml#0", 688_100),
    Golden("xai/agent_tool_sessions/parallel_tool_calls_single_turn_streaming.yaml#0", 771_500),
)
