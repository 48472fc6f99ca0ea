"""Laws of performance: scalability, queues."""
