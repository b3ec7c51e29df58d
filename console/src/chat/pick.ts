import { useQuery } from '@tanstack/react-query'
import type { SelectProps } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { useModels } from '../api/models'

export type Assistant = Schema['Assistant']

export function useAssistants() {
  return useQuery({ queryKey: ['assistants'], queryFn: async () => (await api.get<Schema['Assistants']>(path('/console/v1/assistants', {}), { limit: 100 })).data })
}

/** Who answers: a model by its name, or an assistant, written "assistant/ID". */
export type Pick = { model: string } | { assistant: string }
export const pickText = (pick: Pick) => ('model' in pick ? pick.model : `assistant/${pick.assistant}`)
export const pickOf = (text: string): Pick => (text.startsWith('assistant/') ? { assistant: text.slice('assistant/'.length) } : { model: text })

export function usePicks() {
  const { t } = useTranslation()
  const models = useModels(), assistants = useAssistants()
  const options = useMemo((): SelectProps['options'] => {
    const plain = (models.data ?? []).filter((one) => !one.id.startsWith('assistant:')).map((one) => ({ value: one.id, label: one.id }))
    const ready = (assistants.data ?? []).map((one) => ({ value: pickText({ assistant: one.id }), label: one.title || one.name }))
    return ready.length > 0
      ? [
          { label: t('nav.assistants'), options: ready },
          { label: t('overview.models'), options: plain },
        ]
      : plain
  }, [models.data, assistants.data, t])
  return { models, assistants, options }
}
