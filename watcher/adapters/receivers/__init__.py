"""The other receivers of messages: Alertmanager, e-mail, webhooks, heartbeat."""
