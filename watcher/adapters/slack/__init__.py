"""Slack, the home of ``slack_sdk``."""
