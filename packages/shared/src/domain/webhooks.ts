/** What has become of a delivery. */
export const DELIVERY_STATES = ['pending', 'delivered', 'exhausted', 'missed'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** Whether a subscriber is called: always, by one delivery now and then, or not until an operator resumes it. */
export const SUBSCRIBER_STATES = ['active', 'paused', 'disabled'] as const
export type SubscriberState = (typeof SUBSCRIBER_STATES)[number]
