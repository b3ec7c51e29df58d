import { BarChartOutlined, DownloadOutlined, PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, InputNumber, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path } from '../api/http'
import { Days, type DayRange } from '../ui/Days'
import { FormDialog, useConfirmByName, useDeed } from '../ui/deeds'
import { moneyText, numberText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty } from '../ui/states'
import { DataTable } from '../ui/Table'
import { BreakEven, type Machine } from './BreakEven'
import { useCan } from './tenant'

interface Row {
  day?: string
  month?: string
  model?: string
  tenant?: string | null
  department?: string | null
  user?: string | null
  key?: string | null
  requests: number
  prompt_tokens: number
  cached_tokens: number
  completion_tokens: number
  spent_micro: number | null
  spent_currency: string | null
  cost?: number
  cost_peak?: number
  currency?: string
}
interface Price {
  model: string
  since: string
  currency: string
  input: number
  output: number
  cached: number | null
  input_peak: number | null
  output_peak: number | null
  cached_peak: number | null
  note: string
}

const columns = ['month', 'day', 'tenant', 'department', 'user', 'key', 'model'] as const
type Column = (typeof columns)[number]

export function UsagePage() {
  const { t, i18n } = useTranslation()
  const [by, setBy] = useState<Column[]>(['month', 'model'])
  const [range, setRange] = useState<DayRange>(null)
  const [as, setAs] = useState<string>()
  const prices = usePrices()
  const query = { by: by.join(','), from: range?.[0]?.format('YYYY-MM-DD'), to: range?.[1]?.format('YYYY-MM-DD'), as }
  const url = path('/admin/v1/usage', {})
  const usage = useQuery({ queryKey: ['usage', query], queryFn: () => api.get<{ usage: Row[]; machine?: Machine }>(url, query) })
  const words: Record<Column, string> = {
    month: t('usage.month'),
    day: t('usage.day'),
    tenant: t('people.tenant'),
    department: t('people.department'),
    user: t('people.user'),
    key: t('keys.one'),
    model: t('chat.model'),
  }
  const number = (value: number) => numberText(value, i18n.language)
  const costColumn = (title: string, field: 'cost' | 'cost_peak') => ({
    title,
    key: field,
    align: 'end' as const,
    className: 'num',
    render: (_: unknown, row: Row) => {
      const cost = row[field]
      return cost !== undefined && row.currency ? moneyText(cost * 1e6, row.currency, i18n.language) : '–'
    },
  })
  const search = new URLSearchParams(Object.entries({ ...query, format: 'csv' }).filter((pair): pair is [string, string] => Boolean(pair[1])))
  return (
    <Page
      title={t('usage.title')}
      lead={t('usage.lead')}
      deeds={
        <Button icon={<DownloadOutlined />} href={`${url}?${search}`} download="usage.csv">
          CSV
        </Button>
      }
    >
      <div className="filters">
        <Select mode="multiple" value={by} onChange={(next) => next.length > 0 && setBy(next)} options={columns.map((value) => ({ value, label: words[value] }))} aria-label={t('usage.by')} style={{ minWidth: 220 }} />
        <Days value={range} onChange={setRange} />
        <Select allowClear showSearch placeholder={t('usage.as')} aria-label={t('usage.as')} value={as} onChange={setAs} style={{ minWidth: 200 }} options={[...new Set(prices.data?.map((one) => one.model))].map((value) => ({ value, label: value }))} />
      </div>
      <DataTable<Row>
        label={t('usage.title')}
        asked={{ ...usage, data: usage.data?.usage }}
        rowKey={(row) => by.map((column) => row[column] ?? '').join('\n')}
        empty={<Empty icon={<BarChartOutlined />} title={t('usage.none')} text={t('usage.noneText')} />}
        columns={[
          ...by.map((column) => ({ title: words[column], dataIndex: column, render: (value: string | null) => (column === 'month' ? value?.slice(0, 7) : value) ?? '–' })),
          { title: t('usage.requests'), dataIndex: 'requests', align: 'end', className: 'num', render: number },
          { title: t('usage.prompt'), dataIndex: 'prompt_tokens', align: 'end', className: 'num', render: number },
          { title: t('usage.cached'), dataIndex: 'cached_tokens', align: 'end', className: 'num', render: number },
          { title: t('usage.answer'), dataIndex: 'completion_tokens', align: 'end', className: 'num', render: number },
          { title: t('usage.spent'), key: 'spent', align: 'end', className: 'num', render: (_, row) => (row.spent_micro && row.spent_currency ? moneyText(row.spent_micro, row.spent_currency, i18n.language) : '–') },
          ...(as ? [costColumn(t('usage.costAs', { model: as }), 'cost'), costColumn(t('usage.costPeak'), 'cost_peak')] : []),
        ]}
      />
      {as && usage.data && <BreakEven machine={usage.data.machine} as={as} />}
      <Prices />
    </Page>
  )
}

function usePrices() {
  return useQuery({ queryKey: ['prices'], queryFn: async () => (await api.get<{ prices: Price[] }>(path('/admin/v1/prices', {}))).prices })
}

function Prices() {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const confirm = useConfirmByName()
  const [making, setMaking] = useState(false)
  const prices = usePrices()
  const mayChange = useCan('people')
  const peak = (price: Price) => {
    const all = [price.input_peak, price.output_peak, price.cached_peak]
    return all.every((value) => value === null) ? '–' : all.map((value) => money(price, value)).join(' · ')
  }
  const money = (price: Price, value: number | null) => (value === null ? '–' : moneyText(value * 1e6, price.currency, i18n.language))
  return (
    <section>
      <div className="page-head" style={{ marginBottom: 8 }}>
        <div>
          <h2 style={{ marginBottom: 0 }}>{t('price.title')}</h2>
          <p className="page-lead">{t('price.lead')}</p>
        </div>
        {mayChange && (
          <Button icon={<PlusOutlined />} onClick={() => setMaking(true)}>
            {t('price.create')}
          </Button>
        )}
      </div>
      <DataTable<Price>
        label={t('price.title')}
        asked={prices}
        rowKey={(row) => row.model + row.since}
        empty={<Empty title={t('price.none')} text={t('price.noneText')} />}
        columns={[
          { title: t('chat.model'), dataIndex: 'model' },
          { title: t('price.since'), dataIndex: 'since' },
          { title: t('price.input'), key: 'input', align: 'end', className: 'num', render: (_, price) => money(price, price.input) },
          { title: t('price.output'), key: 'output', align: 'end', className: 'num', render: (_, price) => money(price, price.output) },
          { title: t('usage.cached'), key: 'cached', align: 'end', className: 'num', render: (_, price) => money(price, price.cached) },
          { title: t('price.peak'), key: 'peak', align: 'end', className: 'num', render: (_, price) => peak(price) },
          { title: t('price.note'), dataIndex: 'note' },
          {
            key: 'deeds',
            title: <span className="sr">{t('action.more')}</span>,
            align: 'end',
            render: (_, price) =>
              mayChange && (
                <Button
                  type="link"
                  size="small"
                  danger
                  aria-label={`${t('action.delete')}: ${price.model} ${price.since}`}
                  onClick={() => confirm(price.model, t('price.deleteTitle', { name: `${price.model}, ${price.since}` }), t('price.deleteText'), t('action.delete'), () => deed(() => api.delete(path('/admin/v1/prices/{model}/{since}', { model: price.model, since: price.since })), [['prices'], ['usage']]))}
                >
                  {t('action.delete')}
                </Button>
              ),
          },
        ]}
      />
      <FormDialog
        title={t('price.create')}
        open={making}
        close={() => setMaking(false)}
        initial={{ currency: 'CNY', since: new Date().toISOString().slice(0, 10) }}
        submit={async (given: Price) => {
          await api.put(path('/admin/v1/prices', {}), Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null && value !== '')))
          await client.invalidateQueries({ queryKey: ['prices'] })
        }}
      >
        <Form.Item name="model" label={t('chat.model')} rules={[{ required: true, message: '' }]}>
          <Input autoFocus />
        </Form.Item>
        <Form.Item name="since" label={t('price.since')} rules={[{ required: true, pattern: /^\d{4}-\d\d-\d\d$/, message: 'YYYY-MM-DD' }]}>
          <Input />
        </Form.Item>
        <Form.Item name="currency" label={t('tenants.currency')}>
          <Input maxLength={3} style={{ width: 90 }} />
        </Form.Item>
        <Form.Item name="input" label={t('price.input')} rules={[{ required: true, message: '' }]}>
          <InputNumber min={0} />
        </Form.Item>
        <Form.Item name="output" label={t('price.output')} rules={[{ required: true, message: '' }]}>
          <InputNumber min={0} />
        </Form.Item>
        <Form.Item name="cached" label={t('usage.cached')}>
          <InputNumber min={0} />
        </Form.Item>
        {(['input', 'output', 'cached'] as const).map((field) => (
          <Form.Item key={field} name={`${field}_peak`} label={t('price.atPeak', { what: field === 'cached' ? t('usage.cached') : t(`price.${field}`) })}>
            <InputNumber min={0} />
          </Form.Item>
        ))}
        <Form.Item name="note" label={t('price.note')}>
          <Input />
        </Form.Item>
      </FormDialog>
    </section>
  )
}
