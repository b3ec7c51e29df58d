import { Table } from 'antd'
import { useTranslation } from 'react-i18next'
import { bytesText, numberText } from '../ui/format'
import { Wide } from '../ui/Table'
import { modelStateText } from '../ui/words'
import type { ModelFigures } from './live'

export function ModelTable({ models }: { models: ModelFigures[] }) {
  const { t, i18n } = useTranslation()
  const number = (value: number | undefined) => (value === undefined ? '–' : numberText(value, i18n.language, 1))
  return (
    <Wide label={t('overview.models')}>
      <Table<ModelFigures>
        size="small"
        rowKey="name"
        pagination={false}
        dataSource={models}
        columns={[
          { title: t('chat.model'), dataIndex: 'name' },
          { title: t('people.state'), dataIndex: 'state', render: (state: string, model) => <span className={model.healthy ? 'tag tag-good' : 'tag tag-bad'}>{modelStateText(state, t)}</span> },
          { title: t('overview.generated'), align: 'end', className: 'num', render: (_, model) => number(model.generated_tokens_per_second) },
          { title: t('overview.prompt'), align: 'end', className: 'num', render: (_, model) => number(model.prompt_tokens_per_second) },
          { title: t('overview.running'), align: 'end', className: 'num', render: (_, model) => number(model.running) },
          { title: t('overview.waiting'), align: 'end', className: 'num', render: (_, model) => number(model.waiting) },
          { title: t('overview.kv'), align: 'end', className: 'num', render: (_, model) => (model.kv_pages ? `${numberText((100 * (model.kv_pages_used ?? 0)) / model.kv_pages, i18n.language)} %` : '–') },
          { title: t('overview.memory'), align: 'end', className: 'num', render: (_, model) => bytesText(model.resident_bytes ?? model.memory_bytes, i18n.language) },
        ]}
      />
    </Wide>
  )
}
