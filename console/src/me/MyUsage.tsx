import { BarChartOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { numberText } from '../ui/format'
import { QuotaBar } from '../ui/QuotaBar'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { metricText, periodText } from '../ui/words'

interface Row {
  month: string
  model: string
  requests: number
  prompt_tokens: number
  completion_tokens: number
}

export function MyUsage() {
  const { t, i18n } = useTranslation()
  const usage = useQuery({ queryKey: ['me', 'usage'], queryFn: async () => (await api.get<{ usage: Row[] }>(path('/admin/v1/me/usage', {}))).usage })
  const quotas = useQuery({ queryKey: ['me', 'quotas'], queryFn: async () => (await api.get<Required<Schema['Quotas']>>(path('/admin/v1/me/quotas', {}))).quotas })
  const number = (value: number) => <span className="num">{numberText(value, i18n.language)}</span>
  return (
    <section>
      <h2>{t('usage.mine')}</h2>
      <DataTable<Row>
        label={t('usage.mine')}
        asked={usage}
        rowKey={(row) => row.month + row.model}
        empty={<Empty icon={<BarChartOutlined />} title={t('usage.none')} text={t('usage.noneText')} />}
        columns={[
          { title: t('usage.month'), dataIndex: 'month', render: (month: string) => month.slice(0, 7) },
          { title: t('chat.model'), dataIndex: 'model' },
          { title: t('usage.requests'), dataIndex: 'requests', align: 'end', render: number },
          { title: t('usage.prompt'), dataIndex: 'prompt_tokens', align: 'end', render: number },
          { title: t('usage.answer'), dataIndex: 'completion_tokens', align: 'end', render: number },
        ]}
      />
      {Boolean(quotas.data?.length) && (
        <>
          <h2>{t('quota.mine')}</h2>
          <ul className="rows">
            {quotas.data?.map((quota) => (
              <li key={quota.id}>
                <span className="rows-main">
                  {metricText(quota.metric, t)} · {periodText(quota.period, t)}
                  {quota.model && ` · ${quota.model}`}
                </span>
                <QuotaBar quota={quota} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}
