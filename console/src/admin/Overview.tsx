import { Alert } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { bytesText, durationText, numberText } from '../ui/format'
import { Page } from '../ui/Page'
import { Empty, Waiting } from '../ui/states'
import { Chart } from './Chart'
import { firstTokens, total, useLive, type Figures, type ModelFigures } from './live'
import { ModelTable } from './ModelTable'

function useSeries(of: (figures: Figures) => number) {
  const { samples } = useLive()
  return useMemo(() => ({ times: samples.map((one) => one.time), values: samples.map(of) }), [samples, of])
}

const generated = (figures: Figures) => total(figures, (model) => model.generated_tokens_per_second)
const prompt = (figures: Figures) => total(figures, (model) => model.prompt_tokens_per_second)
const waiting = (figures: Figures) => total(figures, (model) => model.waiting)
const running = (figures: Figures) => total(figures, (model) => model.running)
const memoryOf = (model: ModelFigures) => model.resident_bytes ?? model.memory_bytes
const memory = (figures: Figures) => total(figures, memoryOf)

export function Overview() {
  const { t, i18n } = useTranslation()
  const { samples, connected } = useLive()
  const series = { generated: useSeries(generated), prompt: useSeries(prompt), waiting: useSeries(waiting), running: useSeries(running), memory: useSeries(memory) }
  const first = useMemo(() => firstTokens(samples), [samples])
  const now = samples.at(-1)
  const bytes = (value: number) => bytesText(value, i18n.language)
  const duration = (ms: number) => durationText(ms / 1000, i18n.language)
  const firstNow = first.at(-1)
  const number = (value: number) => numberText(value, i18n.language, value < 10 ? 1 : 0)
  if (!now) {
    return (
      <Page title={t('overview.title')}>
        <Waiting text={t('overview.connecting')} />
      </Page>
    )
  }
  const perSecond = (value: number) => t('chat.speed', { speed: number(value) })
  return (
    <Page title={t('overview.title')} lead={t('overview.lead')}>
      {!connected && <Alert type="warning" showIcon title={t('overview.lost')} style={{ marginBottom: 14 }} />}
      <dl className="stats">
        <div className="stat">
          <dt>{t('overview.generated')}</dt>
          <dd>{perSecond(generated(now))}</dd>
        </div>
        <div className="stat">
          <dt>{t('overview.open')}</dt>
          <dd>{number(now.requests_open)}</dd>
        </div>
        <div className="stat">
          <dt>{t('overview.running')}</dt>
          <dd>{number(running(now))}</dd>
        </div>
        <div className="stat">
          <dt>{t('overview.waiting')}</dt>
          <dd>{number(waiting(now))}</dd>
        </div>
        <div className="stat">
          <dt>{t('overview.memory')}</dt>
          <dd>{bytes(memory(now))}</dd>
        </div>
      </dl>
      <div className="charts">
        <Chart title={t('overview.generated')} now={perSecond(generated(now))} {...series.generated} unit={number} />
        <Chart title={t('overview.first')} now={typeof firstNow === 'number' ? duration(firstNow) : '–'} times={series.generated.times} values={first} unit={duration} least={100} />
        <Chart title={t('overview.prompt')} now={perSecond(prompt(now))} {...series.prompt} unit={number} />
        <Chart title={t('overview.running')} now={number(running(now))} {...series.running} unit={number} />
        <Chart title={t('overview.waiting')} now={number(waiting(now))} {...series.waiting} unit={number} />
        <Chart title={t('overview.memory')} now={bytes(memory(now))} {...series.memory} unit={bytes} />
      </div>
      <h2>{t('overview.models')}</h2>
      {now.models.length > 0 ? <ModelTable models={now.models} /> : <Empty title={t('chat.noModels')} text={t('chat.noModelsText')} />}
    </Page>
  )
}
