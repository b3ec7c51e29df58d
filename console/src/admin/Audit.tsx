import { AuditOutlined, DownloadOutlined, SafetyCertificateOutlined } from '@ant-design/icons'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Input, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path, type Schema } from '../api/http'
import { Days, type DayRange } from '../ui/Days'
import { useDeed } from '../ui/deeds'
import { numberText, timeText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { outcomeText } from '../ui/words'

type Record_ = Schema['AuditRecords']['records'][number]

const verificationMs = 700
const bad = ['refused', 'failed', 'lost']

export function Audit() {
  const { t, i18n } = useTranslation()
  const [given, setGiven] = useState<{ person?: string; action?: string; outcome?: string | undefined; range?: DayRange }>({})
  const query = {
    person: given.person,
    action: given.action,
    outcome: given.outcome,
    from: given.range?.[0]?.format('YYYY-MM-DD'),
    until: given.range?.[1]?.add(1, 'day').format('YYYY-MM-DD'),
  }
  const records = useInfiniteQuery({
    queryKey: ['audit', query],
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => api.get<Schema['AuditRecords']>(path('/admin/v1/audit/records', {}), { ...query, order: 'desc', limit: 200, after: pageParam }),
    getNextPageParam: (page) => (page.more ? page.next : undefined),
  })
  const data = useMemo(() => records.data?.pages.flatMap((page) => page.records), [records.data])
  const search = new URLSearchParams(Object.entries(query).filter((pair): pair is [string, string] => Boolean(pair[1])))
  return (
    <Page
      title={t('audit.title')}
      lead={t('audit.lead')}
      deeds={
        <Button icon={<DownloadOutlined />} href={`${path('/admin/v1/audit/export', {})}?${search}`} download="audit.jsonl">
          {t('audit.export')}
        </Button>
      }
    >
      <Verification />
      <div className="filters">
        <Days value={given.range ?? null} onChange={(range) => setGiven((now) => ({ ...now, range }))} />
        <Input.Search allowClear placeholder={t('audit.person')} aria-label={t('audit.person')} onSearch={(person) => setGiven((now) => ({ ...now, person }))} style={{ maxWidth: 180 }} />
        <Input.Search allowClear placeholder={t('audit.action')} aria-label={t('audit.action')} onSearch={(action) => setGiven((now) => ({ ...now, action }))} style={{ maxWidth: 200 }} />
        <Select allowClear placeholder={t('audit.outcome')} aria-label={t('audit.outcome')} onChange={(outcome?: string) => setGiven((now) => ({ ...now, outcome }))} options={['ok', 'refused', 'failed', 'begun'].map((value) => ({ value, label: outcomeText(value, t) }))} style={{ minWidth: 130 }} />
      </div>
      <DataTable<Record_>
        label={t('audit.title')}
        asked={{ data, isPending: records.isPending, error: records.error, refetch: records.refetch }}
        rowKey="n"
        pagination={false}
        virtual={(data?.length ?? 0) > 300}
        empty={<Empty icon={<AuditOutlined />} title={t('audit.none')} text={t('audit.noneText')} />}
        columns={[
          { title: '#', dataIndex: 'n', className: 'num', align: 'end' },
          { title: t('audit.time'), dataIndex: 't', render: (time: string) => timeText(time, i18n.language) },
          { title: t('audit.who'), key: 'who', render: (_, record) => (record.erased ? <em>{t('audit.erased')}</em> : (record.who ?? '–')) },
          { title: t('audit.from'), dataIndex: 'from', render: (from?: string) => <span className="mono">{from}</span> },
          { title: t('audit.action'), dataIndex: 'do', render: (action: string) => <span className="mono">{action}</span> },
          { title: t('audit.about'), dataIndex: 'subject' },
          { title: t('audit.outcome'), dataIndex: 'outcome', render: (outcome: string) => <span className={bad.includes(outcome) ? 'tag tag-bad' : outcome === 'ok' ? 'tag tag-good' : 'tag'}>{outcomeText(outcome, t)}</span> },
        ]}
        expandable={{
          rowExpandable: (record) => record.facts !== undefined,
          expandedRowRender: (record) => (
            <pre className="mono" style={{ margin: 0, whiteSpace: 'pre-wrap' }}>
              {JSON.stringify(record.facts, null, 2)}
            </pre>
          ),
        }}
      />
      {records.hasNextPage && (
        <p style={{ textAlign: 'center' }}>
          <Button loading={records.isFetchingNextPage} onClick={() => void records.fetchNextPage()}>
            {t('audit.more')}
          </Button>
        </p>
      )}
    </Page>
  )
}

/** Has the box check every record, and tells what it found. */
function Verification() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const url = path('/admin/v1/audit/verification', {})
  const found = useQuery({
    queryKey: ['verification'],
    queryFn: () => api.get<Schema['Verification']>(url),
    refetchInterval: ({ state }) => (state.data?.state === 'running' ? verificationMs : false),
  }).data
  const begin = () => void deed(async () => client.setQueryData(['verification'], await api.post(url)), [['verification']])
  const verdict = found?.verdict
  const running = found?.state === 'running'
  return (
    <div style={{ marginBottom: 16 }}>
      <Alert
        type={found?.state === 'failed' || verdict?.ok === false ? 'error' : verdict ? 'success' : 'info'}
        showIcon
        icon={<SafetyCertificateOutlined />}
        title={
          running
            ? t('audit.verifying')
            : verdict?.ok
              ? t('audit.whole', { count: verdict.records, records: numberText(verdict.records, i18n.language) })
              : verdict
                ? t('audit.broken', { record: verdict.first_bad?.record ?? '?', what: verdict.first_bad?.what ?? '' })
                : found?.state === 'failed'
                  ? (found.error ?? t('app.failed'))
                  : t('audit.unverified')
        }
        action={
          <Button size="small" loading={running} onClick={begin}>
            {t('audit.verify')}
          </Button>
        }
      />
    </div>
  )
}
