import { useQuery } from '@tanstack/react-query'
import { api, path } from './http'

export interface Model {
  id: string
  root?: string
  max_model_len?: number
}

/** What may be asked: models first, then their other names. */
export function useModels() {
  return useQuery({
    queryKey: ['models'],
    queryFn: async () => {
      const { data } = await api.get<{ data: Model[] }>(path('/v1/models', {}))
      return data.toSorted((a, b) => Number(a.root !== undefined && a.root !== a.id) - Number(b.root !== undefined && b.root !== b.id))
    },
  })
}
