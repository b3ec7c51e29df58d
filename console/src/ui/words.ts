import type { TFunction } from 'i18next'

/** A role in the reader's language; one that is unknown here as the box writes it. */
export function roleText(role: string, t: TFunction): string {
  switch (role) {
    case 'user':
      return t('role.user')
    case 'operator':
      return t('role.operator')
    case 'system_administrator':
      return t('role.system_administrator')
    case 'security_administrator':
      return t('role.security_administrator')
    case 'auditor':
      return t('role.auditor')
    default:
      return role
  }
}

export function stateText(state: string, t: TFunction): string {
  return state === 'active' ? t('state.active') : state === 'suspended' ? t('state.suspended') : state === 'deleted' ? t('state.deleted') : state
}

export function modelStateText(state: string, t: TFunction): string {
  switch (state) {
    case 'idle':
      return t('model.idle')
    case 'loading':
      return t('model.loading')
    case 'ready':
      return t('model.ready')
    case 'waiting':
      return t('model.waiting')
    case 'quarantined':
      return t('model.quarantined')
    case 'remote':
      return t('model.remote')
    default:
      return state
  }
}

/** Of a record of the audit trail. */
export function outcomeText(outcome: string, t: TFunction): string {
  switch (outcome) {
    case 'ok':
      return t('outcome.ok')
    case 'refused':
      return t('outcome.refused')
    case 'failed':
      return t('outcome.failed')
    case 'begun':
      return t('outcome.begun')
    case 'lost':
      return t('outcome.lost')
    default:
      return outcome
  }
}

export function metricText(metric: string, t: TFunction): string {
  return metric === 'tokens' ? t('quota.tokens') : metric === 'requests' ? t('quota.requests') : metric === 'money' ? t('quota.money') : metric === 'concurrency' ? t('quota.concurrency') : metric === 'storage' ? t('quota.storage') : metric
}

export function periodText(period: string, t: TFunction): string {
  return period === 'minute' ? t('quota.minute') : period === 'day' ? t('quota.day') : period === 'month' ? t('quota.month') : t('quota.now')
}
