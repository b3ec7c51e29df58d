import { ExperimentOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select, Switch } from 'antd'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useModels } from '../api/models'
import { Page } from '../ui/Page'
import { Empty, Failed, Waiting } from '../ui/states'
import './play.css'
import { bodyOf, type Ask } from './request'
import { Result } from './Result'
import { none, run, type Run } from './run'
import { SchemaEditor } from './SchemaEditor'

/** The request as it would be sent, or why it cannot be. */
function drafted(ask: Ask, model: string): { body: Record<string, unknown> | null; wrong: string | null } {
  try {
    return { body: bodyOf(ask, model), wrong: null }
  } catch (error) {
    return { body: null, wrong: (error as Error).message }
  }
}

export function PlayPage() {
  const { t } = useTranslation()
  const models = useModels()
  const [chosen, setChosen] = useState<string[]>([])
  const [ask, setAsk] = useState<Ask>({ system: '', prompt: t('setup.firstQuestion'), temperature: 0, max_tokens: 200, logprobs: false, schema: '' })
  const [results, setResults] = useState<Record<number, Run>>({})
  const stopper = useRef(new AbortController())
  if (models.isPending) return <Waiting />
  if (models.isError) return <Failed error={models.error} retry={() => void models.refetch()} />
  const names = chosen.length > 0 ? chosen : models.data.slice(0, 1).map((one) => one.id)
  if (names.length === 0) return <Empty title={t('chat.noModels')} text={t('chat.noModelsText')} />
  const set = (change: Partial<Ask>) => setAsk((now) => ({ ...now, ...change }))
  const { body, wrong } = drafted(ask, '')
  const busy = Object.values(results).some((one) => one.busy)
  const start = () => {
    const stop = new AbortController()
    stopper.current = stop
    names.forEach((model, i) => void run(ask, model, stop.signal, (next) => setResults((now) => ({ ...now, [i]: next }))))
  }
  return (
    <Page title={t('nav.playground')} lead={t('play.lead')}>
      <div className="play">
        <Form layout="vertical" onFinish={start}>
          <Form.Item label={t('play.models')}>
            <Select mode="multiple" maxCount={2} value={names} onChange={setChosen} options={models.data.map((one) => ({ value: one.id, label: one.id }))} aria-label={t('play.models')} />
          </Form.Item>
          <Form.Item label={t('settings.system')}>
            <Input.TextArea value={ask.system} autoSize={{ minRows: 1, maxRows: 6 }} aria-label={t('settings.system')} onChange={(event) => set({ system: event.target.value })} />
          </Form.Item>
          <Form.Item label={t('play.prompt')}>
            <Input.TextArea value={ask.prompt} autoSize={{ minRows: 3, maxRows: 12 }} aria-label={t('play.prompt')} onChange={(event) => set({ prompt: event.target.value })} />
          </Form.Item>
          <div className="play-row">
            <Form.Item label={t('settings.temperature')}>
              <InputNumber min={0} max={2} step={0.1} value={ask.temperature} aria-label={t('settings.temperature')} onChange={(temperature) => set({ temperature })} />
            </Form.Item>
            <Form.Item label={t('play.longest')}>
              <InputNumber min={1} precision={0} value={ask.max_tokens} aria-label={t('play.longest')} onChange={(max_tokens) => set({ max_tokens })} />
            </Form.Item>
            <Form.Item label={t('play.logprobs')}>
              <Switch checked={ask.logprobs} aria-label={t('play.logprobs')} onChange={(logprobs) => set({ logprobs })} />
            </Form.Item>
          </div>
          <Form.Item label={t('play.schema')} {...(wrong ? { validateStatus: 'error', help: wrong } : { extra: t('play.schemaHelp') })}>
            <SchemaEditor text={ask.schema} change={(schema) => set({ schema })} />
          </Form.Item>
          {busy ? (
            <Button onClick={() => stopper.current.abort()}>{t('chat.stop')}</Button>
          ) : (
            <Button type="primary" htmlType="submit" icon={<ExperimentOutlined />} disabled={wrong !== null || !ask.prompt.trim()}>
              {t('play.run')}
            </Button>
          )}
        </Form>
        <div className="play-results">
          {names.map((model, i) => (
            <Result key={`${i}${model}`} model={model} result={results[i] ?? none} body={body && { ...body, model }} />
          ))}
        </div>
      </div>
    </Page>
  )
}
