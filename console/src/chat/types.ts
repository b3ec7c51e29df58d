import type { ToolCall } from '../api/live'

/** A message of a chat (docs/chats.md): a node of a tree. */
export interface Message {
  id: string
  parent: string | null
  /** those with the same parent, itself among them, oldest first */
  siblings: string[]
  role: 'user' | 'assistant'
  text: string
  reasoning?: string | null
  tool_calls?: ToolCall[] | null
  status: 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled'
  finish_reason?: string | null
  error?: { code: string; message: string } | null
  model?: string | null
  response?: string | null
  usage?: { input_tokens: number; output_tokens: number; reasoning_tokens?: number } | null
  speed?: { first_token_ms: number | null; tokens_per_second: number | null } | null
  created_at: number
}
