"""GOV.UK One Login as a way in."""
