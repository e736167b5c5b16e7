"""Sixty small mistakes, one line each: do the tests notice them?"""
