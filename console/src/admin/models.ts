import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, path, type Schema } from '../api/http'

export type BoxModel = Schema['BoxModel']
export type Job = Schema['Job']
export type Offer = Schema['Catalogue']['models'][number]

const jobMs = 700, loadingMs = 1000, restMs = 5000

export const staleModels = [['box'], ['models']]

export function useBoxModels() {
  return useQuery({
    queryKey: ['box', 'models'],
    queryFn: () => api.get<Schema['BoxModels']>(path('/admin/v1/models', {})),
    refetchInterval: ({ state }) => (state.data?.models.some((model) => model.state === 'loading') ? loadingMs : restMs),
  })
}

export function useCatalogue() {
  return useQuery({ queryKey: ['box', 'catalogue'], queryFn: () => api.get<Schema['Catalogue']>(path('/admin/v1/catalogue', {})) })
}

export const isRunning = (job: Job) => job.state === 'running'

/** The box's jobs. When one ends, the models that it brought or measured are asked for anew. */
export function useJobs() {
  const client = useQueryClient()
  const jobs = useQuery({
    queryKey: ['jobs'],
    queryFn: async () => (await api.get<Schema['Jobs']>(path('/admin/v1/jobs', {}))).jobs,
    refetchInterval: ({ state }) => (state.data?.some(isRunning) ? jobMs : restMs),
  })
  const running = jobs.data?.filter(isRunning).map((job) => job.id).join()
  useEffect(() => {
    for (const queryKey of staleModels) void client.invalidateQueries({ queryKey })
  }, [running, client])
  return jobs
}

/** What helps to choose first: the recommended one, what fits, models for chats; small before large. */
export function inOrderOfUse(offers: Offer[]): Offer[] {
  const rank = (offer: Offer) => Number(!offer.recommended) * 8 + Number(!offer.fits) * 4 + Number(offer.for === 'tests') * 2 + Number(offer.for !== 'chat')
  return offers.toSorted((a, b) => rank(a) - rank(b) || a.bytes - b.bytes)
}

/** How far a job is, in percent; null where the box cannot know. */
export function percentOf(job: Job): number | null {
  return job.total > 0 ? Math.min(100, Math.floor((100 * job.done) / job.total)) : null
}

export interface Speed {
  /** of a prompt: its tokens; of an answer: what stands before it, and how many are written at once */
  tokens: number
  streams: number
  perSecond: number
}

const number = (from: unknown, key: string) => {
  const value = typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[key] : undefined
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}
const list = (from: unknown): unknown[] => (Array.isArray(from) ? from : [])

/** The figures of `cofre bench --json` (docs/cli.md). */
export function speedsOf(result: Job['result']): { prompts: Speed[]; answers: Speed[] } {
  const prompts = list(result?.['prefill']).map((one) => ({ tokens: number(one, 'tokens'), streams: 1, perSecond: number(one, 'tokens_per_s') }))
  const answers = list(result?.['decode']).map((one) => ({ tokens: number(one, 'context'), streams: number(one, 'streams'), perSecond: number(one, 'tokens_per_s') }))
  return { prompts: prompts.filter((one) => one.perSecond > 0), answers: answers.filter((one) => one.perSecond > 0) }
}
