"""Teams: who they are, and which services they own."""

from scaling_lib.evidence.teams.read import Team, Teams, TeamSource, read_teams

__all__ = ["Team", "TeamSource", "Teams", "read_teams"]
