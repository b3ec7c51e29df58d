/** What the playground asks: fields of POST /v1/chat/completions. */
export interface Ask {
  system: string
  prompt: string
  temperature: number | null
  max_tokens: number | null
  logprobs: boolean
  /** JSON Schema as text; empty: free text */
  schema: string
}

export function bodyOf(ask: Ask, model: string): Record<string, unknown> {
  const schema = ask.schema.trim()
  return {
    model,
    messages: [...(ask.system.trim() ? [{ role: 'system', content: ask.system }] : []), { role: 'user', content: ask.prompt }],
    ...(ask.temperature !== null && { temperature: ask.temperature }),
    ...(ask.max_tokens !== null && { max_tokens: ask.max_tokens }),
    ...(ask.logprobs && { logprobs: true, top_logprobs: 5 }),
    ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: JSON.parse(schema) as unknown } } }),
  }
}

export interface Token {
  text: string
  probability: number
  /** the likeliest in its place, likeliest first */
  others: { text: string; probability: number }[]
}

interface RawToken {
  token: string
  logprob: number
  top_logprobs?: { token: string; logprob: number }[]
}
export interface Chunk {
  choices?: { delta?: { content?: string }; logprobs?: { content?: RawToken[] } | null }[]
  usage?: { prompt_tokens: number; completion_tokens: number } | null
  error?: { message: string }
}

export function tokensOf(chunk: Chunk): Token[] {
  return (chunk.choices?.[0]?.logprobs?.content ?? []).map(({ token, logprob, top_logprobs }) => ({
    text: token,
    probability: Math.exp(logprob),
    others: (top_logprobs ?? []).map((one) => ({ text: one.token, probability: Math.exp(one.logprob) })),
  }))
}

/** 0 (a certain token) to 4 (a surprising one): classes of colour. */
export function surprise(probability: number): number {
  return probability >= 0.9 ? 0 : probability >= 0.6 ? 1 : probability >= 0.3 ? 2 : probability >= 0.1 ? 3 : 4
}
