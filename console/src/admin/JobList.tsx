import { Button, Progress } from 'antd'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import { api, path } from '../api/http'
import { useDeed } from '../ui/deeds'
import { agoText, bytesText } from '../ui/format'
import { BenchFigures } from './BenchFigures'
import { isRunning, percentOf, useJobs, type Job } from './models'

const shownMax = 6

function kindText(job: Job, t: TFunction): string {
  const model = job.model
  return job.kind === 'pull' ? t('job.pull', { model }) : job.kind === 'import' ? t('job.import', { model }) : t('job.bench', { model })
}

function outcomeText(job: Job, t: TFunction): string {
  return job.state === 'done' ? t('job.done') : job.state === 'cancelled' ? t('job.cancelled') : job.state === 'failed' ? t('job.failed') : t('job.running')
}

function Row({ job }: { job: Job }) {
  const { t, i18n } = useTranslation()
  const deed = useDeed()
  const running = isRunning(job)
  const percent = percentOf(job)
  const tone = job.state === 'done' ? 'tag tag-good' : job.state === 'failed' ? 'tag tag-bad' : 'tag'
  return (
    <li>
      <span className="rows-main">
        <strong>{kindText(job, t)}</strong> <span className={tone}>{outcomeText(job, t)}</span>
        <br />
        <span className="muted">
          {t('job.by', { name: job.by, time: agoText(job.ended_at ?? job.started_at, i18n.language) })}
          {running && job.text && ` · ${job.text}`}
        </span>
        {running && percent !== null && (
          <>
            <Progress percent={percent} size="small" aria-label={kindText(job, t)} />
            <span className="muted num">{t('quota.usedOf', { used: bytesText(job.done, i18n.language), amount: bytesText(job.total, i18n.language) })}</span>
          </>
        )}
        {job.kind === 'pull' && (job.state === 'cancelled' || job.state === 'failed') && job.done > 0 && (
          <>
            <br />
            <span className="muted">{t('job.kept', { bytes: bytesText(job.done, i18n.language) })}</span>
          </>
        )}
        {job.error && job.state === 'failed' && (
          <p className="wrong" style={{ margin: '4px 0 0' }}>
            {job.error}
          </p>
        )}
        {job.kind === 'bench' && job.state === 'done' && <BenchFigures job={job} />}
      </span>
      {running && (
        <Button size="small" aria-label={`${t('action.cancel')}: ${kindText(job, t)}`} onClick={() => void deed(() => api.delete(path('/admin/v1/jobs/{job}', { job: job.id })), [['jobs']])}>
          {t('action.cancel')}
        </Button>
      )}
    </li>
  )
}

/** What the box is busy with, and what of it ended last. */
export function JobList() {
  const { t } = useTranslation()
  const jobs = useJobs().data ?? []
  const shown = jobs.filter((job, i) => isRunning(job) || i < shownMax)
  if (shown.length === 0) return null
  return (
    <section aria-label={t('job.title')}>
      <h2>{t('job.title')}</h2>
      <ul className="rows">
        {shown.map((job) => (
          <Row key={job.id} job={job} />
        ))}
      </ul>
    </section>
  )
}
