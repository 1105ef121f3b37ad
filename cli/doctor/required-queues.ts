/** The queues that every stage has; each channel adds its own. */
export const requiredQueues = ['alerts', 'reports', 'presence', 'commands.fifo', 'rejected'];
