"""The cfg room: sections and option values by C's rules, .data and names files."""
